"""Files of the cache that somebody damages, replaces or takes away."""

import asyncio
import os
import socket

from faultkit.client import Client, ConnectionLost, Unexpected
from faultkit.scene import code_of, expect, row, upload
from faultkit.system import Skip, processor_seconds

MB = 1 << 20
BOTH = ("mmap", "sqlite")


async def _names(scene, gateway, stream, word):
    """`cache-inspect verify` ends with 1, and says of this stream, and of no other, what is wrong."""
    status, output = await scene.inspect(gateway, "verify")
    expect(status == 1, f"cache-inspect verify ends with {status}:\n{output}")
    expect(f"{word}: {stream}" in output, f"cache-inspect verify does not say '{word}: {stream}':\n{output}")


@row("18", "a bad sector under a sealed stream: io for who reads there, the process lives, verify names the stream", backends=BOTH)
async def bad_sector(scene):
    disk = scene.file_system("ext4", 48 * MB, "-m", "0")
    gateway = scene.gateway(os.path.join(disk.path, "cache"))
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(30 * MB)
    await upload(client, "a", data)
    path = os.path.join(gateway.cache, "a.audio")
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.sync()
        # Only this file's pages leave the cache, nobody else's.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with open(disk.image, "r+b") as image:
            os.fsync(image.fileno())
            image.truncate(24 * MB)
        good = bad = None
        for offset in range(0, len(data), 65536):
            try:
                os.pread(file.fileno(), 4096, offset)
                good = offset if good is None else good
            except OSError:
                bad = offset
                break
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if bad is None:
        raise Skip("a file system whose end is missing reads all the same")
    client = await Client.open(gateway.port)
    if good is not None:
        expect(await client.get("a", good, 4096) == data[good : good + 4096], "what can be read is wrong")
    code = await code_of(client.get("a", bad, 65536))
    expect(code == "io", f"a bad sector is answered with {code}")
    reader = await Client.open(gateway.port)
    try:
        await reader.get("a", max(bad - 8 * MB, 0), 16 * MB)
        expect(False, "a read over a bad sector succeeds")
    except (ConnectionLost, Unexpected):
        pass
    await client.ask(type="PING")
    expect(gateway.is_alive, "the gateway ended")
    status, output = await scene.inspect(gateway, "verify", "--no-record")
    expect(status == 1 and "unreadable: a" in output, f"verify ends with {status}:\n{output}")


@row("19", "a file is cut short while it is served: that reader gets an error, nobody spins, the process lives", quick=True, backends=BOTH)
async def truncated_while_served(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(8 * MB)
    async with scene.bystander(gateway, pings_within=5):
        for round_ in range(20):
            name = f"s{round_}"
            await upload(client, name, data)
            path = os.path.join(gateway.cache, f"{name}.audio")
            # A reader that takes little at a time, so that the answer is still on its way.
            slow = await Client.open(gateway.port, receive_buffer=4096)
            await slow.tell(type="GET", streamId=name, offset=0, length=len(data), requestId=1)
            await asyncio.sleep(scene.source.uniform(0, 0.01))
            os.truncate(path, scene.source.choice([0, 1, 4096, 100_000]))
            try:
                answer = await slow.answer()
                whole = isinstance(answer, bytes) and answer == data
                expect(whole or isinstance(answer, dict), "a reader was given a frame that was filled up with something")
            except ConnectionLost as lost:
                expect(data.startswith(lost.partial), "a reader was given wrong bytes before the connection broke")
            code = await code_of(client.get(name, 200_000, 4096))
            expect(code == "io", f"a stream that was cut short is answered with {code}")
            await slow.close()
        before = processor_seconds(gateway.pid)
    expect(gateway.is_alive, "the gateway ended")
    quiet = processor_seconds(gateway.pid)
    await asyncio.sleep(2)
    expect(processor_seconds(gateway.pid) - quiet < 0.5, f"the gateway computes with nothing to do ({before:.1f} s)")
    await _names(scene, gateway, "s0", "size differs")
    for round_ in range(20):
        await client.ask(type="DELETE", streamId=f"s{round_}")


@row("25", "bytes turned over in a sealed stream, anywhere: verify names it", backends=BOTH)
async def flipped_bytes(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(100_000)
    await upload(client, "good", data)
    await upload(client, "bad", data)
    path = os.path.join(gateway.cache, "bad.audio")
    for part in range(0, 101, 4):
        offset = min(len(data) * part // 100, len(data) - 1)
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(bytes([data[offset] ^ 1]))
        await _names(scene, gateway, "bad", "digest differs")
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(data[offset : offset + 1])
    await scene.verified(gateway)


def _replacements(scene, path):
    """What a stream's file is replaced by, each by its name."""
    secret = os.path.join(scene.directory, "secret")
    with open(secret, "wb") as file:
        file.write(b"not for clients" * 1000)

    def fifo():
        os.mkfifo(path)

    def unix_socket():
        with socket.socket(socket.AF_UNIX) as server:
            here = os.getcwd()
            os.chdir(os.path.dirname(path))
            server.bind(os.path.basename(path))
            os.chdir(here)

    replacements = {
        "nothing": lambda: None,
        "symbolic link out of the directory": lambda: os.symlink(secret, path),
        "symbolic link to nothing": lambda: os.symlink("/nonexistent", path),
        "hard link to a file outside": lambda: os.link(secret, path),
        "directory": lambda: os.mkdir(path),
        "fifo": fifo,
        "socket": unix_socket,
    }
    if os.geteuid() == 0:
        replacements["device"] = lambda: os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    return replacements


@row("26", "a stream's file replaced by a link, a directory, a FIFO, a device: never followed, nothing hangs", quick=True, backends=BOTH)
async def replaced_files(scene):
    gateway = scene.gateway()
    await gateway.start()
    data = scene.bytes(50_000)
    async with scene.bystander(gateway, pings_within=5):
        for kind, replace in _replacements(scene, os.path.join(gateway.cache, "victim.audio")).items():
            client = await Client.open(gateway.port)
            await upload(client, "victim", data)
            await client.close()
            path = os.path.join(gateway.cache, "victim.audio")
            os.rename(path, os.path.join(scene.directory, "kept"))
            replace()
            client = await Client.open(gateway.port)
            code = await code_of(client.get("victim", 0, 4096))
            expect(code in ("stream_not_found", "io"), f"{kind}: GET is answered with {code}")
            await client.ask(type="LIST")
            code = await code_of(client.start("victim", resume=True))
            expect(code in (None, "stream_exists", "io"), f"{kind}: START is answered with {code}")
            if code is None:
                await client.ask(type="ABORT", streamId="victim")
            status, output = await scene.inspect(gateway, "verify", "--no-record")
            expect(status in (0, 1), f"{kind}: cache-inspect verify ends with {status}:\n{output}")
            # It can be got rid of, but for a directory, which is nobody's stream.
            await code_of(client.ask(type="DELETE", streamId="victim"))
            if os.path.isdir(path):
                os.rmdir(path)
                await code_of(client.ask(type="DELETE", streamId="victim"))
            expect(not os.path.lexists(path), f"{kind}: it can't be removed")
            await client.close()
    with open(os.path.join(scene.directory, "secret"), "rb") as file:
        expect(file.read() == b"not for clients" * 1000, "a file outside the directory was changed")
    await scene.verified(gateway)


@row("26", "the same while no gateway runs: it starts, tells of it, and serves the others", backends=BOTH)
async def replaced_files_at_start(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(50_000)
    await upload(client, "good", data)
    await upload(client, "victim", data)
    await gateway.stop()
    path = os.path.join(gateway.cache, "victim.audio")
    for kind, replace in _replacements(scene, path).items():
        os.rename(path, os.path.join(scene.directory, "kept"))
        replace()
        await gateway.start()
        await gateway.recovered()
        client = await Client.open(gateway.port)
        expect(await client.read("good", len(data)) == data, f"{kind}: the other stream is wrong")
        code = await code_of(client.get("victim", 0, 4096))
        expect(code in ("stream_not_found", "io"), f"{kind}: GET is answered with {code}")
        await client.close()
        expect(await gateway.stop() == 0, f"{kind}: the gateway does not stop in order")
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
        os.rename(os.path.join(scene.directory, "kept"), path)
        await gateway.start()
        await gateway.recovered()
        client = await Client.open(gateway.port)
        expect(await client.read("victim", len(data)) == data, f"{kind}: the stream that came back is wrong")
        await client.close()
        await gateway.stop()


@row("26", "a file that comes back, or is put into the directory by hand, is served", backends=BOTH)
async def files_by_hand(scene):
    gateway = scene.gateway()
    await gateway.start()
    await gateway.stop()
    data = scene.bytes(123_456)
    with open(os.path.join(gateway.cache, "by-hand.audio"), "wb") as file:
        file.write(data)
    with open(os.path.join(gateway.cache, ".strange"), "wb") as file:
        file.write(b"?")
    with open(os.path.join(gateway.cache, "not a stream!.audio"), "wb") as file:
        file.write(b"?")
    await gateway.start()
    await gateway.recovered()
    client = await Client.open(gateway.port)
    expect(set(await client.list()) == {"by-hand"}, "not just the one stream is listed")
    expect(await client.read("by-hand", len(data)) == data, "it is wrong")
    expect(os.path.exists(os.path.join(gateway.cache, "not a stream!.audio")), "a file that is nobody's was removed")
