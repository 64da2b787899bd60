"""Gateways that are killed at a chosen call, and power that fails."""

import asyncio
import os
import random

from faultkit.client import Client, ConnectionLost, Unexpected
from faultkit.content import Content
from faultkit.ledger import Broken, Ledger, Unfinished
from faultkit.load import Load
from faultkit.scene import append_until_refused, code_of, digest, expect, row, upload
from faultkit.system import Boot, need

MB = 1 << 20
BOTH = ("mmap", "sqlite")

#: The calls that change something in a cache directory.
CALLS = ("openat", "pwrite64", "fallocate", "ftruncate", "fsetxattr", "renameat", "unlinkat", "fsync", "fdatasync")


async def _life(client, done, data):
    """A stream's life; what was acknowledged of it goes to `done` as it is."""
    await client.start("kept", ackEvery=4096)
    for offset in range(0, len(data), 50_000):
        await client.append(data[offset : offset + 50_000])
    await client.stop("kept", sha256=digest(data))
    done.append("kept")
    await client.start("dropped")
    await client.append(data[:70_000])
    await client.ask(type="ABORT", streamId="dropped")
    done.append("dropped")
    await upload(client, "deleted", data[:10_000])
    done.append("deleted is there")
    await client.ask(type="DELETE", streamId="deleted")
    done.append("deleted")
    await upload(client, "over", data[:10_000])
    done.append("over")
    await upload(client, "over", data[10_000:30_000], overwrite=True)
    done.append("over again")
    await client.start("open")
    await client.append(data[:60_000])
    await client.ask(type="PING")


async def _examine(client, done, data):
    """What is there agrees with what was acknowledged, and what was not is whole, unfinished, or not there."""
    streams = await client.list()

    async def is_prefix(stream, *contents):
        info = streams[stream]
        found = await client.read(stream, info["size"])
        for content in contents:
            if content[: len(found)] == found and (info["state"] == "suspended" or len(found) == len(content)):
                return
        expect(False, f"{stream} is {info['state']} with {info['size']} bytes that are not its own, after {done}")

    contents = {
        "kept": (data,),
        "dropped": (data[:70_000],),
        "deleted": (data[:10_000],),
        "over": (data[:10_000], data[10_000:30_000]),
        "open": (data[:60_000],),
    }
    for stream in streams:
        await is_prefix(stream, *contents[stream])
    if "kept" in done:
        expect(streams.get("kept", {}).get("state") == "sealed", f"kept is {streams.get('kept')} after {done}")
    for gone in ("dropped", "deleted"):
        expect(gone not in done or gone not in streams, f"{gone} is back after {done}")
    if "over again" in done:
        expect(await client.read("over", 20_000) == data[10_000:30_000], "an overwritten stream is the old one again")
    elif done and done[-1] in ("deleted is there",):
        expect("deleted" not in streams or streams["deleted"]["state"] == "sealed", "deleted is neither whole nor gone")


async def _sweep(scene, calls, counts, **configuration):
    """Kills the gateway at the first call of each kind, the second, until the life gets through."""
    data = scene.bytes(200_000)
    kills = 0
    for call in calls:
        for number in counts:
            gateway = scene.gateway(ioThreads=1, **configuration)
            await gateway.start()
            await gateway.recovered()
            client = await Client.open(gateway.port)
            done = []
            with scene.inject(gateway, call, f"signal=KILL:when={number}"):
                try:
                    await _life(client, done, data)
                    survived = gateway.is_alive
                except ConnectionLost:
                    survived = False
            await client.close()
            gateway.kill()
            await gateway.start()
            await gateway.recovered()
            client = await Client.open(gateway.port)
            try:
                await _examine(client, done, data)
            except Unexpected as error:
                expect(False, f"killed at {call} {number}, after {done}: {error}")
            await client.close()
            await scene.verified(gateway)
            gateway.kill()
            if survived:
                break
            kills += 1
    expect(kills >= len(calls) // 2, f"only {kills} kills came about")


@row("2, 8", "killed at every file call of a stream's life: nothing acknowledged lost, nothing half removed", backends=BOTH)
async def killed_at_each_call(scene):
    await _sweep(scene, CALLS[:-2], range(1, 40))


@row("2", "the same with durability power, whose calls are others", backends=BOTH)
async def killed_at_each_call_power(scene):
    await _sweep(scene, ("fsync", "fdatasync", "renameat"), range(1, 40), durability="power")


@row("6, 7", "killed at every call of the very first start, and of a start after a crash: the next one is clean", backends=BOTH)
async def killed_while_starting(scene):
    need("strace")
    data = scene.bytes(100_000)
    for call in ("openat", "pwrite64", "ftruncate", "fsetxattr", "renameat", "unlinkat", "unlink", "fsync", "fdatasync", "mkdir"):
        for number in (*range(1, 12), 14, 18, 24, 32):
            wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}"]
            wrapper += ["-e", f"inject={call}:signal=KILL:when={number}"]
            first = scene.gateway(wrapper=wrapper)
            first.spawn()
            try:
                await first.listening(20)
                await first.recovered(20)
                survived = True
            except Exception:
                survived = False
            first.kill()
            second = scene.gateway(first.cache)
            await second.start()
            await second.recovered()
            client = await Client.open(second.port)
            await upload(client, "a", data)
            # An unfinished stream to be mended, at a start that is killed as well.
            await client.start("b")
            await client.append(data[:5_000])
            await client.ask(type="PING")
            second.kill()
            third = scene.gateway(first.cache, wrapper=wrapper)
            third.spawn()
            try:
                await third.listening(20)
                await third.recovered(20)
            except Exception:
                survived = False
            third.kill()
            last = scene.gateway(first.cache)
            await last.start()
            await last.recovered()
            client = await Client.open(last.port)
            expect(await client.read("a", len(data)) == data, f"a is wrong after a kill at {call} {number}")
            await scene.verified(last)
            last.kill()
            if survived:
                break


async def _after_the_cut(gateway, disk, boot):
    """Starts machine and gateway again; a client of the latter."""
    gateway.kill()
    disk.unmount()
    disk.mount()
    boot.next()
    await gateway.start()
    await gateway.recovered()
    return await Client.open(gateway.port)


async def _power_cuts(scene, rounds, durability):
    """Cuts the power at random moments under load; `check` is told the client and the ledger."""
    content = Content(scene.options.seed)
    disk = scene.file_system("ext4", 96 * MB)
    boot = Boot(scene)
    gateway = scene.gateway(os.path.join(disk.path, "cache"), wrapper=boot.wrapper, durability=durability)
    ledger = Ledger(content)
    source = random.Random(f"power {scene.options.seed}")
    for number in range(rounds + 1):
        await gateway.start()
        await gateway.recovered()
        yield gateway, ledger
        if number == rounds:
            break
        load = Load(ledger, gateway.port, f"p {number}")
        tasks = load.tasks(uploaders=3, readers=1, tailers=0)
        await asyncio.sleep(source.uniform(0.05, 0.8))
        disk.cut_power()
        gateway.kill()
        load.is_over = True
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            # On a dying disk anything may be refused, but nothing that is wrong may be said.
            if isinstance(result, Broken):
                raise result
        disk.unmount()
        disk.mount()
        boot.next()
    await gateway.stop()


@row("3", "20 power cuts under load with durability power: every stream whose STOPPED was sent is whole", quick=False, backends=BOTH)
async def power_cut_power(scene):
    async for gateway, ledger in _power_cuts(scene, 20, "power"):
        # What is not sealed is promised to nobody; DELETE and the start of a stream are not flushed either.
        for entry in ledger.entries.values():
            _forgive(ledger, entry)
        client = await Client.open(gateway.port)
        await ledger.check(client)
        await client.close()
        # The row of a START may have got to the device without the file, of which nobody was promised anything.
        status, output = await scene.inspect(gateway, "verify", "--no-record")
        verdicts = ("missing file", "size differs", "digest differs", "state differs", "orphan file", "unreadable")
        expect(not any(f"{verdict}: " in output for verdict in verdicts), f"verify ends with {status}:\n{output}")


def _forgive(ledger, entry):
    """Allows for what a power cut may undo: everything but sealing."""
    from faultkit.ledger import Absent, Sealed

    if isinstance(entry.state, Sealed):
        return
    states = list(entry.states) + [Absent()]
    for base in entry.bases:
        states += [Unfinished(base, 0, Content.LONGEST)]
    for state in entry.earlier:
        states.append(state)
    entry.states = states


@row("4", "20 power cuts with durability process: whatever sealed stream is not what it was, verify names", backends=BOTH)
async def power_cut_process(scene):
    # A removal may be undone by the next cut, so no stream that was ever made is forgotten.
    known = {}
    async for gateway, ledger in _power_cuts(scene, 20, "process"):
        for entry in ledger.entries.values():
            known.setdefault(entry.id, []).extend(entry.bases)
        client = await Client.open(gateway.port)
        streams = await client.list()
        wrong = []
        for stream, info in streams.items():
            expect(stream in known, f"{stream} was never made")
            if info["state"] != "sealed":
                continue
            try:
                data = await client.read(stream, info["size"])
            except Unexpected as error:
                expect(error.code in ("io", "stream_not_found"), f"{stream}: {error}")
                await client.drop_answers()
                wrong.append(stream)
                continue
            if not any(ledger.content.of(base, 0, len(data)) == data for base in known[stream]):
                wrong.append(stream)
                expect(info.get("sha256") != digest(data), f"{stream} is served with a digest of bytes that nobody sent")
        status, output = await scene.inspect(gateway, "verify", "--no-record")
        expect(status == (1 if wrong else 0), f"verify ends with {status}, and {wrong} are wrong:\n{output}")
        for stream in wrong:
            expect(f": {stream}\n" in output, f"verify does not name {stream}:\n{output}")
        # A clean slate: the ledger's promises are not this configuration's.
        for stream in streams:
            await code_of(client.ask(type="DELETE", streamId=stream))
        ledger.entries.clear()
        await client.close()


@row("5", "power lost between the fsync of the file and that of the directory: STOPPED was not sent, the bytes are there", backends=BOTH)
async def power_cut_between_fsyncs(scene):
    disk = scene.file_system("ext4", 64 * MB)
    boot = Boot(scene)
    data = scene.bytes(300_000)
    for number in range(1, 5):
        gateway = scene.gateway(
            os.path.join(disk.path, "cache"), wrapper=boot.wrapper, durability="power", ioThreads=1
        )
        await gateway.start()
        await gateway.recovered()
        client = await Client.open(gateway.port)
        stopped = False
        with scene.inject(gateway, "fsync", f"signal=KILL:when={number}"):
            try:
                await upload(client, f"s{number}", data)
                stopped = True
            except ConnectionLost:
                pass
            disk.cut_power()
        client = await _after_the_cut(gateway, disk, boot)
        info = await client.info(f"s{number}")
        expect(info is not None or not stopped, f"s{number} was acknowledged and is gone")
        if info is not None:
            found = await client.read(f"s{number}", info["size"])
            expect(found == data[: len(found)], f"s{number} has wrong bytes")
            expect(info["state"] == "suspended" or found == data, f"s{number} is sealed and not whole")
        await scene.verified(gateway)
        await gateway.stop()


@row("3", "power lost in the middle of a live upload: all that an ACK's durableOffset told of is there, and nothing wrong", quick=False, backends=BOTH)
async def power_cut_live(scene):
    disk = scene.file_system("ext4", 64 * MB)
    boot = Boot(scene)
    content = Content(scene.options.seed)
    base = content.base(random.Random(f"live {scene.options.seed}"))
    gateway = scene.gateway(os.path.join(disk.path, "cache"), wrapper=boot.wrapper, durability="power")
    at = 0
    for number in range(2):
        await gateway.start()
        await gateway.recovered()
        client = await Client.open(gateway.port)
        durable = 0

        def on_ack(_, size):
            nonlocal durable
            durable = max(durable, size)

        client.on_ack = on_ack
        if number == 0:
            await client.start("live", ackEvery=4096)
        else:
            at = await client.start("live", resume=True, ackEvery=4096)
        begin = at
        deadline = asyncio.get_running_loop().time() + 30
        # Odd pieces at the rate of speech, until the gateway says that some of this turn's are safe, and then some more.
        extra = 40
        while extra > 0:
            await client.append(content.of(base, at, at + 1_234))
            at += 1_234
            await asyncio.sleep(0.02)
            extra -= 1 if durable > begin else 0
            expect(asyncio.get_running_loop().time() < deadline, f"after 30 s {durable} bytes are safe")
        disk.cut_power()
        client = await _after_the_cut(gateway, disk, boot)
        info = await client.info("live")
        expect(info is not None and info["state"] == "suspended", f"the stream is {info}")
        expect(durable <= info["size"] <= at, f"{durable} bytes were safe and {at} sent, {info['size']} are there")
        found = await client.read("live", info["size"])
        expect(found == content.of(base, 0, len(found)), "the stream has other bytes than were sent")
        await scene.verified(gateway)
        await gateway.stop()


@row("1, 20", "the gateway killed again and again below a client that retries: the file arrives whole", backends=BOTH)
async def client_survives_kills(scene):
    gateway = scene.gateway(limits={})
    await gateway.start()
    port = gateway.port
    # The same port again, so that the client finds it.
    import json

    with open(gateway.config, encoding="utf-8") as file:
        document = json.load(file)
    document["listen"]["port"] = port
    with open(gateway.config, "w", encoding="utf-8") as file:
        json.dump(document, file)
    path = os.path.join(scene.directory, "long")
    data = scene.bytes(96 * MB)
    with open(path, "wb") as file:
        file.write(data)
    process = await asyncio.create_subprocess_exec(
        scene.options.audio_client, "upload", "--quiet", "--retries", "30", "--id", "long",
        "--server", f"ws://127.0.0.1:{port}/audio", path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    kills = 0
    while process.returncode is None and kills < 6:
        await asyncio.sleep(scene.source.uniform(0.1, 0.4))
        if process.returncode is not None:
            break
        gateway.kill()
        kills += 1
        await gateway.start()
    output, _ = await process.communicate()
    expect(process.returncode == 0, f"the upload ends with {process.returncode} after {kills} kills: {output.decode()}")
    client = await Client.open(gateway.port)
    expect(await client.read("long", len(data)) == data, "the file did not arrive whole")
    expect(kills > 0, "the upload was over before the gateway was killed")
    await scene.verified(gateway)
