"""Indexes that are missing, damaged, or held by somebody else, and directories that can't be used."""

import asyncio
import hashlib
import os
import shutil
import sqlite3

from faultkit.client import Client
from faultkit.gateway import GatewayFailure
from faultkit.scene import code_of, expect, row, stop_code, upload
from faultkit.system import Skip, need_root, run

MB = 1 << 20


def _hashes(directory):
    """The streams' files, by name."""
    hashes = {}
    for name in os.listdir(directory):
        if name.endswith((".audio", ".part")):
            with open(os.path.join(directory, name), "rb") as file:
                hashes[name] = hashlib.sha256(file.read()).hexdigest()
    return hashes


def _damages(index):
    """What is done to an index, each by its name."""

    def write(data):
        def work():
            for suffix in ("-wal", "-shm"):
                if os.path.exists(index + suffix):
                    os.unlink(index + suffix)
            with open(index, "wb") as file:
                file.write(data)

        return work

    def truncated(size):
        return lambda: os.truncate(index, size)

    def overwritten(offset, count):
        def work():
            with open(index, "r+b") as file:
                file.seek(offset)
                file.write(os.urandom(count))

        return work

    def without(*suffixes):
        def work():
            for suffix in suffixes:
                if os.path.exists(index + suffix):
                    os.unlink(index + suffix)

        return work

    def of_no_table():
        write(b"")()
        connection = sqlite3.connect(index)
        connection.execute("CREATE TABLE other (x)")
        connection.commit()
        connection.close()

    def emptied():
        connection = sqlite3.connect(index)
        connection.execute("DELETE FROM stream")
        connection.commit()
        connection.close()

    def lying():
        connection = sqlite3.connect(index)
        connection.execute("UPDATE stream SET size = size + 1, state = 'live'")
        connection.commit()
        connection.close()

    size = os.path.getsize(index)
    damages = {
        "missing": without("", "-wal", "-shm"),
        "missing, its log is not": without(""),
        "without its log": without("-wal"),
        "without its shared memory": without("-shm"),
        "empty": write(b""),
        "one byte": write(b"S"),
        "text": write(b"this is no database\n" * 500),
        "random": write(os.urandom(65536)),
        "a database of somebody else": of_no_table,
        "without rows": emptied,
        "rows that lie": lying,
        "random header": overwritten(0, 100),
        "random everywhere": overwritten(0, size),
    }
    for page in range(0, size, 4096):
        damages[f"truncated at {page}"] = truncated(page)
        damages[f"truncated at {page + 1000}"] = truncated(min(page + 1000, size))
        damages[f"page {page // 4096} random"] = overwritten(page, 4096)
    return damages


@row("27", "an index that is missing, damaged or lies: made anew from the files, the old one kept aside", quick=False, backends=("sqlite",))
async def damaged_indexes(scene):
    first = scene.gateway()
    await first.start()
    client = await Client.open(first.port)
    contents = {f"s{number}": scene.bytes(1 + number * 3_000) for number in range(12)}
    for stream, data in contents.items():
        await upload(client, stream, data, metadata={"label": "x" * 200, "of": stream}, contentType="audio/wav")
    await client.start("open")
    await client.append(scene.bytes(5_000))
    await client.ask(type="PING")
    await client.close()
    await first.stop()
    hashes = _hashes(first.cache)
    index = os.path.join(first.cache, "index.sqlite")
    played = 0
    for kind in _damages(index):
        cache = os.path.join(scene.directory, "copy")
        shutil.rmtree(cache, ignore_errors=True)
        # cp keeps the extended attributes, which say what is known about a stream.
        run("cp", "-a", first.cache, cache)
        _damages(os.path.join(cache, "index.sqlite"))[kind]()
        gateway = scene.gateway(cache)
        gateway.spawn()
        try:
            await gateway.listening()
        except GatewayFailure as failure:
            raise GatewayFailure(f"{kind}: {failure}") from failure
        await gateway.recovered()
        expect(_hashes(cache) == hashes, f"{kind}: the streams' files were changed")
        client = await Client.open(gateway.port)
        streams = await client.list()
        expect(set(streams) == set(contents) | {"open"}, f"{kind}: there are {sorted(streams)}")
        for stream, data in contents.items():
            info = streams[stream]
            expect(info["state"] == "sealed" and info["size"] == len(data), f"{kind}: {stream} is {info}")
            expect(info["sha256"] == hashlib.sha256(data).hexdigest(), f"{kind}: {stream} has lost its digest")
            expect(info.get("metadata", {}).get("of") == stream, f"{kind}: {stream} has lost its labels")
        expect(await client.read("s11", len(contents["s11"])) == contents["s11"], f"{kind}: s11 is wrong")
        await client.close()
        await scene.verified(gateway)
        expect(await gateway.stop() == 0, f"{kind}: it does not stop in order")
        played += 1
    expect(played > 20, f"only {played} damages")


@row("27", "an index of a newer version is refused by name, with what to do; the files are not touched", quick=True, backends=("sqlite",))
async def newer_index(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    await upload(client, "a", scene.bytes(10_000))
    await gateway.stop()
    hashes = _hashes(gateway.cache)
    connection = sqlite3.connect(os.path.join(gateway.cache, "index.sqlite"))
    connection.execute("INSERT INTO grdb_migrations VALUES ('99: from the future')")
    connection.commit()
    connection.close()
    gateway.spawn()
    status = await gateway.ended()
    log = gateway.log()
    expect(status in (69, 78), f"a newer index ends the start with {status}")
    expect("newer version" in log and "index.sqlite" in log, f"the message does not say what to do: {log}")
    expect(_hashes(gateway.cache) == hashes, "the files were touched")


@row("27", "an index that another process holds: refused with what to do, or waited for; serving goes on", backends=("sqlite",))
async def locked_index(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(50_000)
    await upload(client, "a", data)
    index = os.path.join(gateway.cache, "index.sqlite")
    other = sqlite3.connect(index, timeout=0, isolation_level=None)
    async with scene.bystander(gateway, uploads=False, pings_within=3):
        other.execute("BEGIN IMMEDIATE")
        code = await code_of(client.start("b"))
        expect(code in ("limit", "io"), f"a held index is answered with {code}")
        other.execute("ROLLBACK")
        await upload(client, "c", data)
        # For a moment only: nobody notices.
        other.execute("BEGIN IMMEDIATE")
        starting = asyncio.create_task(code_of(client.start("d")))
        await asyncio.sleep(1)
        other.execute("ROLLBACK")
        expect(await starting is None, "a START did not wait for a held index")
        expect(await stop_code(client, "d") is None, "STOP")
    await gateway.stop()
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE stream SET size = size WHERE id = 'a'")
    gateway.spawn()
    status = await gateway.ended(60)
    expect(status == 69, f"a held index ends the start with {status}")
    expect("held by another process" in gateway.log(), f"the message does not say what to do: {gateway.log()}")
    other.close()
    await gateway.start()
    await gateway.recovered()
    await scene.verified(gateway)


@row("28", "cache-inspect beside a gateway, killed in the middle: the gateway is not held up, its log stays small", backends=("sqlite",))
async def inspector_beside(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    for number in range(40):
        await upload(client, f"s{number}", scene.bytes(200_000))
    async with scene.bystander(gateway, pings_within=3):
        for number in range(40):
            process = await asyncio.create_subprocess_exec(
                scene.options.cache_inspect, "verify" if number % 2 else "list", "--config", gateway.config,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )
            await asyncio.sleep(scene.source.uniform(0, 0.15))
            if process.returncode is None:
                process.kill()
            await process.wait()
    size = os.path.getsize(os.path.join(gateway.cache, "index.sqlite-wal"))
    expect(size < 16 * MB, f"the index's log has {size} bytes")
    await scene.verified(gateway)


@row("30", "two gateways on one directory: the second is refused and told the first; after kill -9 it starts", quick=True, backends=("mmap", "sqlite"))
async def two_gateways(scene):
    first = scene.gateway()
    await first.start()
    second = scene.gateway(first.cache)
    second.spawn()
    status = await second.ended()
    expect(status == 69, f"the second one ends with {status}")
    log = second.log()
    expect(str(first.pid) in log and first.cache in log, f"the message names neither process nor directory: {log}")
    async with scene.bystander(first):
        pass
    first.kill()
    await second.start()
    client = await Client.open(second.port)
    await upload(client, "a", b"12345")


@row("31", "directories: missing, strange names, a file in the way, not writable: made, or refused with path and remedy", quick=True, backends=("mmap", "sqlite"))
async def directories(scene):
    for name in ("missing/deep/down", "with space", "mit Ümläuten 音", "back\\slash", "per%20cent"):
        gateway = scene.gateway(os.path.join(scene.directory, name))
        await gateway.start()
        client = await Client.open(gateway.port)
        await upload(client, "a", b"12345")
        mode = os.stat(gateway.cache).st_mode & 0o777
        expect(mode == 0o700, f"the directory is made with mode {mode:o}")
        expect(os.stat(os.path.join(gateway.cache, "a.audio")).st_mode & 0o777 == 0o600, "a stream's mode is not 0600")
        await scene.verified(gateway)
        await gateway.stop()
    in_the_way = os.path.join(scene.directory, "a-file")
    with open(in_the_way, "wb"):
        pass
    for path in (in_the_way, os.path.join(in_the_way, "below"), "/proc/nowhere", "/dev/null"):
        gateway = scene.gateway(path)
        gateway.spawn()
        status = await gateway.ended()
        expect(status in (69, 77, 78), f"{path} ends the start with {status}")
        expect(path in gateway.log(), f"the message does not name {path}: {gateway.log()}")


@row("31", "a file system that is read-only is refused with the path")
async def read_only_directory(scene):
    need_root()
    disk = scene.file_system("tmpfs", 4 * MB)
    os.mkdir(os.path.join(disk.path, "cache"))
    run("mount", "-o", "remount,ro", disk.path)
    gateway = scene.gateway(os.path.join(disk.path, "cache"))
    gateway.spawn()
    status = await gateway.ended()
    expect(status in (69, 77), f"it ends with {status}")
    expect(disk.path in gateway.log(), f"the message does not name the path: {gateway.log()}")


@row("31", "20,000 streams that no index knows: the start takes no longer for them", backends=("mmap", "sqlite"))
async def many_files(scene):
    gateway = scene.gateway()
    await gateway.start()
    await gateway.stop()
    for number in range(20_000):
        with open(os.path.join(gateway.cache, f"s{number}.audio"), "wb") as file:
            file.write(b"12345")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await gateway.start()
    took = loop.time() - began
    client = await Client.open(gateway.port)
    expect(await client.get("s19999", 0, 5) == b"12345", "a stream is wrong")
    expect(took < 5, f"the start takes {took:.1f} s")
    await gateway.recovered(300)
    expect(await gateway.stop() == 0, "it does not stop in order")
    began = loop.time()
    await gateway.start()
    expect(loop.time() - began < 5, f"the second start takes {loop.time() - began:.1f} s")
