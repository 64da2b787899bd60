"""Disks that are full, slow, or fail."""

import asyncio
import contextlib
import os

from faultkit.client import Client, Unexpected
from faultkit.scene import (
    append_until_refused,
    code_of,
    digest,
    expect,
    resume_and_finish,
    row,
    stop_code,
    upload,
)
from faultkit.system import Skip, need, run

MB = 1 << 20
BOTH = ("mmap", "sqlite")


async def _fills(scene, disk, gateway):
    """An upload that is longer than the disk, beside one that is open and one that is sealed; then there is room."""
    cache = gateway.cache
    client = await Client.open(gateway.port)
    other = await Client.open(gateway.port)
    sealed, small = scene.bytes(6 * MB), scene.bytes(300_000)
    await upload(client, "sealed", sealed)
    await other.start("small", ackEvery=4096)
    await other.append(small[:200_000])
    data = scene.bytes(40 * MB)
    async with scene.bystander(gateway, uploads=False, pings_within=5):
        await client.start("long")
        code = await append_until_refused(client, "long", data)
        expect(code == "storage_full", f"a full disk is answered with {code}")
        stored = (await client.info("long"))["size"]
        on_disk = os.stat(os.path.join(cache, "long.part")).st_size
        expect(stored == on_disk, f"{stored} bytes are said to be stored, the file has {on_disk}")
        expect(stored > 4 * MB, f"only {stored} bytes were stored")
        expect(await client.read("long", stored) == data[:stored], "what was stored of it is wrong")
        expect(await client.read("sealed", 6 * MB) == sealed, "a sealed stream is wrong on a full disk")
        # Whoever deletes makes room, also now.
        filler = disk.fill()
        await client.ask(type="DELETE", streamId="sealed")
        os.unlink(filler)
        for offset in range(200_000, 300_000, 50_000):
            await other.append(small[offset : offset + 50_000])
        expect(await stop_code(other, "small", sha256=digest(small)) is None, "an open upload did not go on")
        # The rest of the long one fits once there is less of it.
        data = data[: stored + 100_000]
        at = await resume_and_finish(client, "long", data)
        expect(at == stored, f"it goes on at {at}, not at {stored}")
    expect(await client.read("long", len(data)) == data, "the stream that was resumed is wrong")
    await scene.verified(gateway)


@row("9, 11", "a full tmpfs: storage_full, resumable; DELETE makes room", quick=True, backends=BOTH)
async def disk_full_tmpfs(scene):
    disk = scene.file_system("tmpfs", 24 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=False)
    await gateway.start()
    await _fills(scene, disk, gateway)


@row("9, 11", "a full ext4: storage_full, resumable; DELETE makes room", quick=True, backends=BOTH)
async def disk_full_ext4(scene):
    disk = scene.file_system("ext4", 24 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=False)
    await gateway.start()
    await _fills(scene, disk, gateway)


@row("10", "a growth that is refused half-way gives back what it got", backends=BOTH)
async def refused_growth_is_given_back(scene):
    disk = scene.file_system("ext4", 16 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=False)
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(40 * MB)
    await client.start("long")
    expect(await append_until_refused(client, "long", data) == "storage_full", "the disk is not full")
    os.sync()
    path = os.path.join(gateway.cache, "long.part")
    status = os.stat(path)
    spare = status.st_blocks * 512 - status.st_size
    expect(spare < 128 << 10, f"{path} holds {spare} bytes more than it has")


@row("9", "the reserve (minFreeBytes) is kept, and uploads are refused before the disk is full", backends=BOTH)
async def reserve_is_kept(scene):
    disk = scene.file_system("ext4", 32 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=False, minFreeBytes=8 * MB)
    await gateway.start()
    client = await Client.open(gateway.port)
    await client.start("long")
    code = await append_until_refused(client, "long", scene.bytes(40 * MB))
    expect(code == "storage_full", f"the reserve is answered with {code}")
    expect(disk.free() > 7 * MB, f"{disk.free()} bytes are left of the 8 MiB in reserve")


@row("9", "a full disk is no trouble where streams may be evicted", backends=BOTH)
async def full_disk_evicts(scene):
    disk = scene.file_system("ext4", 32 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=True, minFreeBytes=2 * MB)
    await gateway.start()
    client = await Client.open(gateway.port)
    for number in range(20):
        data = scene.bytes(4 * MB)
        await upload(client, f"s{number}", data)
        # What a connection has just read counts as being read, and would stay.
        reader = await Client.open(gateway.port)
        expect(await reader.read(f"s{number}", len(data)) == data, "a stream is wrong")
        await reader.close()
    streams = await client.list()
    expect("s19" in streams and "s0" not in streams, f"not the oldest went: {sorted(streams)}")
    await scene.verified(gateway)


@row("13", "a disk that is full at the start: the gateway serves what is there, and DELETE makes room", backends=BOTH)
async def disk_full_at_start(scene):
    disk = scene.file_system("ext4", 16 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=False)
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(MB)
    await upload(client, "a", data)
    await upload(client, "b", data)
    await gateway.stop()
    disk.fill()
    gateway.spawn()
    try:
        await gateway.listening()
    except Exception:
        status = await gateway.ended()
        log = gateway.log()
        expect(status in (69, 77) and disk.path in log, f"the start ends with {status}: {log}")
        expect("room" in log or "space" in log, f"the message does not say what to do: {log}")
        return
    client = await Client.open(gateway.port)
    expect(await client.read("a", MB) == data, "a stream is wrong")
    await client.ask(type="DELETE", streamId="a")
    await client.start("c")
    await client.append(data[:500_000])
    expect(await stop_code(client, "c") is None, "there is no room after DELETE")
    await scene.verified(gateway)


@row("14", "no inodes left: storage_full, and what is there is served")
async def no_inodes(scene):
    disk = scene.file_system("ext4", 16 * MB, "-N", "32")
    gateway = scene.gateway(os.path.join(disk.path, "cache"), evict=False)
    await gateway.start()
    client = await Client.open(gateway.port)
    code, number = None, 0
    async with scene.bystander(gateway, uploads=False, pings_within=5):
        while code is None and number < 64:
            number += 1
            code = await code_of(upload(client, f"s{number}", b"12345"))
    expect(code == "storage_full", f"the {number}th stream is answered with {code}")
    await client.ask(type="DELETE", streamId="s1")
    await upload(client, "again", b"12345")


@row("22", "a limit on the size of files: storage_full, and the process lives", quick=True, backends=BOTH)
async def file_size_limit(scene):
    need("prlimit")
    # The index may be longer than the limit allows streams to be, but not by much: it is one file as well.
    gateway = scene.gateway(wrapper=["prlimit", f"--fsize={8 * MB}"])
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(12 * MB)
    async with scene.bystander(gateway, pings_within=5):
        await client.start("long")
        code = await append_until_refused(client, "long", data)
        expect(code == "storage_full", f"the limit is answered with {code}")
        stored = (await client.info("long"))["size"]
        expect(stored <= 8 * MB and await client.read("long", stored) == data[:stored], "what was stored is wrong")
    expect(gateway.is_alive, "the gateway died of SIGXFSZ")
    await scene.verified(gateway)


@row("15", "a write that fails with EIO: io, the stream is kept as far as it got and goes on", quick=True)
async def write_fails(scene):
    gateway = scene.gateway(ioThreads=1)
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(3 * MB)
    async with scene.bystander(gateway, uploads=False, pings_within=5):
        with scene.inject(gateway, "pwrite64", "error=EIO:when=3"):
            await client.start("a")
            code = await append_until_refused(client, "a", data)
        expect(code == "io", f"EIO is answered with {code}")
        log = gateway.log()
        expect("pwrite" in log and "a.part" in log and "Input/output error" in log, f"the log does not tell:\n{log}")
        stored = (await client.info("a"))["size"]
        expect(await client.read("a", stored) == data[:stored], "what was stored of it is wrong")
        at = await resume_and_finish(client, "a", data)
        expect(at == stored, f"it goes on at {at}, not at {stored}")
    expect(await client.read("a", len(data)) == data, "the stream is wrong")
    await scene.verified(gateway)


@row("15", "calls that fail with EIO: an error that names the call, and no stream is stuck", backends=BOTH)
async def calls_fail(scene):
    for calls in ("fallocate", "ftruncate", "fsetxattr", "renameat", "unlinkat", "pwrite64", "fgetxattr", "openat"):
        gateway = scene.gateway(ioThreads=1)
        await gateway.start()
        client = await Client.open(gateway.port)
        data = scene.bytes(600_000)
        with scene.inject(gateway, calls, "error=EIO:when=2+3"):
            for number in range(6):
                await _through(client, f"s{number}", data, calls)
        for number in range(6):
            await _through(client, f"s{number}", data, calls)
            expect(await client.read(f"s{number}", len(data)) == data, f"{calls}: s{number} is wrong")
            await client.ask(type="DELETE", streamId=f"s{number}")
        await client.close()
        await scene.verified(gateway)
        expect(await gateway.stop() == 0, "the gateway does not stop in order")


async def _through(client, stream, data, calls):
    """Has a stream sealed, in at most so many tries; where it is, it is right."""
    for _ in range(6):
        try:
            await resume_and_finish(client, stream, data)
            return
        except Unexpected as error:
            if error.code == "stream_exists":
                return
            expect(error.code in ("io", "no_open_stream"), f"EIO of {calls} is answered with {error}")


@row("16", "after a failed fsync nothing is called stored: no STOPPED, also not at the second try", quick=True, backends=BOTH)
async def fsync_fails(scene):
    gateway = scene.gateway(durability="power", ioThreads=1)
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(200_000)
    with scene.inject(gateway, "fsync", "error=EIO:when=1"):
        await client.start("a")
        await client.append(data)
        expect(await stop_code(client, "a", sha256=digest(data)) == "io", "STOPPED after a failed fsync")
        code = await code_of(client.start("a", resume=True))
        expect(code == "io", f"a stream that the device may not have is gone on with: {code}")
    await gateway.stop()
    await gateway.start()
    client = await Client.open(gateway.port)
    code = await code_of(client.start("a", resume=True))
    expect(code == "io", f"a new gateway goes on with a stream that the device may not have: {code}")
    await upload(client, "a", data, overwrite=True)
    expect(await client.read("a", len(data)) == data, "the stream that came again is wrong")
    await scene.verified(gateway)


@row("17", "calls that are interrupted are made again: nothing is lost or doubled", quick=True, backends=BOTH)
async def interrupted_calls(scene):
    gateway = scene.gateway()
    await gateway.start()
    client = await Client.open(gateway.port)
    with scene.inject(gateway, "pwrite64,pread64,preadv2,ftruncate,fallocate,openat", "error=EINTR:when=3+7"):
        for number in range(10):
            data = scene.bytes(700_000)
            await upload(client, f"s{number}", data, piece=10_000)
            expect(await client.read(f"s{number}", len(data)) == data, "a stream is wrong")
    await scene.verified(gateway)


@row("20", "a disk that stands still for 6 s: whoever does not need it is answered, uploads go on afterwards")
async def stalled_disk(scene):
    need("fsfreeze")
    disk = scene.file_system("ext4", 128 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), limits={"idleTimeoutSeconds": 60})
    await gateway.start()
    client, pinger = await Client.open(gateway.port), await Client.open(gateway.port)
    cached = scene.bytes(MB)
    await upload(client, "cached", cached)
    data = scene.bytes(24 * MB)
    await client.start("long")
    run("fsfreeze", "-f", disk.path)
    thaw = contextlib.ExitStack()
    thaw.callback(run, "fsfreeze", "-u", disk.path)
    scene.at_end(thaw.close)
    writing = asyncio.create_task(append_until_refused(client, "long", data))
    loop = asyncio.get_running_loop()
    end, slowest = loop.time() + 6, 0.0
    while loop.time() < end:
        began = loop.time()
        await pinger.ask(type="PING")
        # What is in the page cache needs no device.
        expect(await pinger.get("cached", 0, 65536) == cached[:65536], "wrong bytes")
        slowest = max(slowest, loop.time() - began)
        await asyncio.sleep(0.02)
    expect(not writing.done(), "a frozen disk takes an upload")
    thaw.close()
    expect(await writing is None, "the upload did not go on")
    expect(await client.read("long", len(data)) == data, "the upload is wrong")
    expect(slowest < 1, f"a frozen disk keeps others waiting for {slowest:.2f} s")


@row("21", "an fsync of 2 s: only who waits for STOPPED waits")
async def slow_fsync(scene):
    gateway = scene.gateway(durability="power", ioThreads=4)
    await gateway.start()
    client, other = await Client.open(gateway.port), await Client.open(gateway.port)
    data = scene.bytes(100_000)
    loop = asyncio.get_running_loop()
    with scene.inject(gateway, "fsync", "delay_enter=2000000"):
        await client.start("a")
        await client.append(data)
        stopping, began, slowest = asyncio.create_task(stop_code(client, "a")), loop.time(), 0.0
        while not stopping.done():
            asked = loop.time()
            await other.ask(type="PING")
            slowest = max(slowest, loop.time() - asked)
            await asyncio.sleep(0.02)
    expect(await stopping is None, "STOP failed")
    expect(loop.time() - began >= 2, "STOPPED came before fsync")
    expect(slowest < 1, f"an fsync keeps others waiting for {slowest:.2f} s")


@row("23", "a file system without fallocate: no emulation by writing every block")
async def no_fallocate(scene):
    try:
        disk = scene.file_system("ext2", 64 * MB)
    except Skip as skip:
        raise Skip(f"no ext2 here: {skip}") from skip
    trace = os.path.join(scene.directory, "trace")
    need("strace")
    gateway = scene.gateway(
        os.path.join(disk.path, "cache"), wrapper=["strace", "-f", "-qq", "-o", trace, "-e", "trace=pwrite64,fallocate"]
    )
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(16 * MB)
    await upload(client, "a", data)
    expect(await client.read("a", len(data)) == data, "the stream is wrong")
    await gateway.stop()
    with open(trace, encoding="utf-8") as file:
        lines = file.read().splitlines()
    writes = sum(1 for line in lines if "pwrite64(" in line)
    expect(writes < 1_000, f"{writes} writes for 16 MiB")


@row("24", "the disk dies for good under load: io, others are answered, SIGTERM still ends the gateway", backends=BOTH)
async def disk_dies(scene):
    disk = scene.file_system("ext4", 64 * MB)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), limits={"shutdownGraceSeconds": 5})
    await gateway.start()
    client, other = await Client.open(gateway.port), await Client.open(gateway.port)
    data = scene.bytes(8 * MB)
    await client.start("a")
    await client.append(data[:MB])
    disk.cut_power()
    code = await append_until_refused(client, "a", data[MB:])
    expect(code == "io", f"a dead disk is answered with {code}")
    expect(await code_of(other.start("b")) == "io", "a stream can be started on a dead disk")
    await other.ask(type="PING")
    expect(gateway.is_alive, "the gateway ended")
    expect(await gateway.stop() in (0, 70), f"SIGTERM ends it with {gateway.process.returncode}")
