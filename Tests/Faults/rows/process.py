"""Limits, signals, logs and clocks of the process."""

import asyncio
import os
import signal
import socket
import time

from faultkit.client import Client, ConnectionLost, Unexpected
from faultkit.scene import code_of, digest, expect, resume_and_finish, row, stop_code, upload
from faultkit.system import Skip, descriptors, mappings, need, need_root, processor_seconds, resident_anonymous
from faultkit.websocket import Refused, WebSocket

MB = 1 << 20
BOTH = ("mmap", "sqlite")


def _plain(port, count):
    """So many bare connections."""
    sockets = []
    for _ in range(count):
        plain = socket.socket()
        plain.setblocking(False)
        plain.connect_ex(("127.0.0.1", port))
        sockets.append(plain)
    return sockets


@row("32", "few descriptors and 200 connections: refused in time, nothing that is open breaks", quick=True, backends=BOTH)
async def few_descriptors(scene):
    need("prlimit")
    gateway = scene.gateway(wrapper=["prlimit", "--nofile=320"])
    await gateway.start()
    expect("descriptors are enough for" in gateway.log(), f"the log does not tell: {gateway.log()}")
    client = await Client.open(gateway.port)
    data = scene.bytes(4 * MB)
    await client.start("open")
    await client.append(data[:MB])
    async with scene.bystander(gateway, uploads=False, pings_within=5) as bystander:
        sockets = _plain(gateway.port, 200)
        await asyncio.sleep(0.5)
        before = processor_seconds(gateway.pid)
        await asyncio.sleep(2)
        used = (processor_seconds(gateway.pid) - before) / 2
        await client.append(data[MB:])
        code = await stop_code(client, "open", sha256=digest(data))
        expect(code is None, f"an upload that was open is answered with {code}")
        new = await code_of(client.start("new"))
        expect(new is None, f"a new stream is answered with {new}")
        for plain in sockets:
            plain.close()
        await bystander.does_more(5)
        expect(used < 1, f"it computes {used * 100:.0f} % under 200 connections")
    deadline = time.monotonic() + 30
    while True:
        try:
            again = await Client.open(gateway.port)
            await upload(again, "after", data)
            break
        except (ConnectionLost, Unexpected):
            expect(time.monotonic() < deadline, "it is not well again after 30 s")
            await asyncio.sleep(0.2)
    await scene.verified(gateway)


@row("33", "no more address space: uploads go on, or are refused; the process lives", backends=("mmap",))
async def no_address_space(scene):
    need("prlimit")
    gateway = scene.gateway()
    await gateway.start()
    with open(f"/proc/{gateway.pid}/statm", encoding="utf-8") as file:
        size = int(file.read().split()[0]) * 4096
    import subprocess

    client = await Client.open(gateway.port)
    await upload(client, "warm", scene.bytes(MB))
    subprocess.run(["prlimit", "--pid", str(gateway.pid), f"--as={size + 96 * MB}"], check=True)
    for number in range(20):
        data = scene.bytes(2 * MB)
        await upload(client, f"s{number}", data)
        expect(await client.read(f"s{number}", len(data)) == data, "a stream is wrong")
    expect(gateway.is_alive, "the gateway ended")


@row("34", "everything at once in 192 MiB of memory: not killed for it", backends=("mmap", "sqlite"))
async def memory_limit(scene):
    need_root()
    group = f"/sys/fs/cgroup/memory/fault-{os.getpid()}"
    if os.path.isdir("/sys/fs/cgroup/memory"):
        limit = "memory.limit_in_bytes"
    elif os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        group, limit = f"/sys/fs/cgroup/fault-{os.getpid()}", "memory.max"
    else:
        raise Skip("there are no memory control groups")
    try:
        os.mkdir(group)
        scene.at_end(lambda: os.rmdir(group))
        with open(os.path.join(group, limit), "w", encoding="utf-8") as file:
            file.write(str(192 * MB))
    except OSError as error:
        raise Skip(f"no memory limit can be set: {error}") from error
    gateway = scene.gateway()
    await gateway.start()
    with open(os.path.join(group, "cgroup.procs"), "w", encoding="utf-8") as file:
        file.write(str(gateway.pid))
    scene.at_end(gateway.kill)

    async def work(number):
        client = await Client.open(gateway.port)
        data = scene.bytes(3 * MB)
        for _ in range(3):
            await upload(client, f"s{number}", data, overwrite=True)
            expect(await client.read(f"s{number}", len(data)) == data, "a stream is wrong")
        await client.close()

    await asyncio.gather(*[work(number) for number in range(40)])
    expect(gateway.is_alive, f"the gateway ended with {gateway.process.returncode}")
    await scene.verified(gateway)


@row("35", "a log that can't be written: full device, closed pipe; serving goes on", quick=True)
async def log_is_full(scene):
    reading, writing = os.pipe()
    for kind in ("full", "pipe"):
        gateway = scene.gateway()
        port = _free_port()
        _listen_on(gateway, port)
        if kind == "full":
            with open("/dev/full", "wb") as full:
                gateway.spawn(stderr=full)
        else:
            gateway.spawn(stderr=writing)
            os.close(writing)
        gateway.port = port
        client = await _patiently(gateway)
        if kind == "pipe":
            os.close(reading)
        async with scene.bystander(gateway):
            data = scene.bytes(MB)
            await upload(client, "a", data)
            await client.close()
        expect(await gateway.stop() == 0, f"{kind}: the gateway does not stop in order")


def _free_port():
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        return plain.getsockname()[1]


def _listen_on(gateway, port):
    import json

    with open(gateway.config, encoding="utf-8") as file:
        document = json.load(file)
    document["listen"]["port"] = port
    with open(gateway.config, "w", encoding="utf-8") as file:
        json.dump(document, file)


async def _patiently(gateway):
    """A connection to a gateway that does not say when it listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return await Client.open(gateway.port)
        except ConnectionLost:
            expect(gateway.is_alive, f"the gateway ended with {gateway.process.returncode}")
            expect(time.monotonic() < deadline, "the gateway does not listen")
            await asyncio.sleep(0.05)


@row("36", "SIGTERM under load: open uploads are suspended as far as they got, exit 0; the second one ends at once", quick=True, backends=BOTH)
async def signals(scene):
    for number in (signal.SIGTERM, signal.SIGINT):
        gateway = scene.gateway(limits={"shutdownGraceSeconds": 10})
        await gateway.start()
        client, reader = await Client.open(gateway.port), await Client.open(gateway.port)
        data = scene.bytes(4 * MB)
        await upload(client, "sealed", data)
        acknowledged = 0

        def acknowledge(offset, durable):
            nonlocal acknowledged
            acknowledged = max(acknowledged, durable)

        client.on_ack = acknowledge
        await client.start("open", ackEvery=65536)
        await client.append(data[:MB])
        os.kill(gateway.pid, number)
        try:
            for offset in range(MB, len(data), 65536):
                await client.append(data[offset : offset + 65536])
                await asyncio.sleep(0.01)
            await client.ask(type="PING")
        except (ConnectionLost, Unexpected):
            pass
        status = await gateway.ended(20)
        expect(status == 0, f"signal {number} ends it with {status}: {gateway.log()[-2000:]}")
        await asyncio.sleep(0)
        await gateway.start()
        await gateway.recovered()
        expect("recovery:" not in gateway.log(), f"the start after a stop in order mends something: {gateway.log()}")
        client = await Client.open(gateway.port)
        info = await client.info("open")
        expect(info["state"] == "suspended" and info["size"] >= acknowledged, f"the open upload is {info}")
        await resume_and_finish(client, "open", data)
        expect(await client.read("open", len(data)) == data, "the upload that was resumed is wrong")
        # Nobody stops sending: the second signal does not wait for the grace to be over.
        client = await Client.open(gateway.port)
        await client.start("more")
        await client.append(data[:1000])
        began = time.monotonic()
        os.kill(gateway.pid, number)
        await asyncio.sleep(0.1)
        if gateway.is_alive:
            os.kill(gateway.pid, number)
        await gateway.ended(30)
        expect(time.monotonic() - began < 12, "a gateway that is told twice takes more than its grace time")
        await gateway.start()
        await gateway.recovered()
        client = await Client.open(gateway.port)
        expect(await client.read("sealed", len(data)) == data, "a sealed stream is wrong")
        await scene.verified(gateway)


@row("36", "SIGPIPE, SIGHUP, SIGUSR1 and SIGXFSZ under load end nobody's upload", quick=True)
async def harmless_signals(scene):
    gateway = scene.gateway()
    await gateway.start()
    async with scene.bystander(gateway) as bystander:
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGWINCH):
            os.kill(gateway.pid, number)
            await bystander.does_more(2)
            expect(gateway.is_alive, f"{number.name} ends it")


@row("37", "stopped for longer than the idle timeout, then continued: whoever has sent something meanwhile is not given up")
async def paused_process(scene):
    gateway = scene.gateway(limits={"idleTimeoutSeconds": 4})
    await gateway.start()
    client = await Client.open(gateway.port)
    data = scene.bytes(200_000)
    await client.start("a")
    await client.append(data[:100_000])
    await client.ask(type="PING")
    os.kill(gateway.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(3)
        await client.append(data[100_000:])
        await asyncio.sleep(5)
    finally:
        os.kill(gateway.pid, signal.SIGCONT)
    code = await stop_code(client, "a", sha256=digest(data))
    expect(code is None, f"a healthy upload is answered with {code} after a pause of the gateway")


@row("46, 47", "1,500 idle connections: little memory, new ones served; beyond maxConnections 503")
async def idle_connections(scene):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    scene.at_end(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))
    gateway = scene.gateway(limits={"maxConnections": 1500})
    await gateway.start()
    before = resident_anonymous(gateway.pid)
    sockets = []
    for _ in range(1500):
        sockets.append(await WebSocket.open(gateway.port))
    grown = resident_anonymous(gateway.pid) - before
    expect(grown < 100 * MB, f"1,500 idle connections take {grown // MB} MiB")
    try:
        await WebSocket.open(gateway.port)
        expect(False, "one more connection than maxConnections is taken")
    except Refused as refused:
        expect(refused.status == 503, f"one too many is answered with {refused.status}")
    for some in sockets[:10]:
        some.abort()
    deadline = time.monotonic() + 10
    while True:
        try:
            client = await Client.open(gateway.port)
            break
        except (Refused, ConnectionLost):
            expect(time.monotonic() < deadline, "a place that is free again is not given")
            await asyncio.sleep(0.05)
    await upload(client, "a", b"12345")
    for some in sockets[10:]:
        some.abort()


@row("40", "1,000 clients that vanish inside a frame: resumable at once, nothing is left behind", quick=True, backends=BOTH)
async def vanishing_clients(scene):
    gateway = scene.gateway()
    await gateway.start()
    data = scene.bytes(20_000)
    # The first round pays for what stays: the index's readers, which are opened when several look into it at once.
    async with scene.bystander(gateway):
        for number in range(30):
            await _vanish(scene, gateway, data, number)
    await _quiet(gateway)
    base = descriptors(gateway.pid), mappings(gateway.pid)
    async with scene.bystander(gateway):
        for number in range(1000):
            await _vanish(scene, gateway, data, number % 30)
    await _quiet(gateway)
    deadline = time.monotonic() + 10
    most = base[0] + 6
    while (descriptors(gateway.pid) > most or mappings(gateway.pid) > base[1] + 16) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    now = descriptors(gateway.pid), mappings(gateway.pid)
    expect(now[0] <= most and now[1] <= base[1] + 16, f"descriptors and mappings were {base} and are {now}")
    client = await Client.open(gateway.port)
    for number in range(30):
        await resume_and_finish(client, f"s{number}", data)
        expect(await client.read(f"s{number}", len(data)) == data, "a stream that was resumed is wrong")
    await scene.verified(gateway)


async def _vanish(scene, gateway, data, number):
    """Begins or goes on with an upload, and goes at some byte of a frame."""
    client = await Client.open(gateway.port)
    try:
        at = await client.start(f"s{number}", resume=True)
    except Unexpected as error:
        expect(error.code == "stream_busy", f"resuming is answered with {error}")
        await client.close()
        return
    from faultkit.websocket import BINARY, frame

    whole = frame(BINARY, data[at : min(len(data), at + scene.source.choice([1, 100, 3000]))])
    client.socket.writer.write(whole[: scene.source.randrange(len(whole) + 1)])
    if scene.source.random() < 0.5:
        await client.socket.writer.drain()
        client.socket.writer.write_eof()
        await asyncio.sleep(0)
    await client.close()


async def _quiet(gateway):
    """Waits until the gateway has noticed that everybody has gone."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        client = await Client.open(gateway.port)
        live = [info for info in (await client.list()).values() if info["state"] == "live"]
        await client.close()
        if not live:
            return
        await asyncio.sleep(0.05)
    expect(False, "streams stay live though their writers are gone")


@row("42", "100,000 GETs that are sent ahead and never read: bounded memory, others unhurt, given up in the end", quick=False)
async def greedy_reader(scene):
    gateway = scene.gateway(limits={"writeTimeoutSeconds": 5})
    await gateway.start()
    client = await Client.open(gateway.port)
    await upload(client, "a", scene.bytes(MB))
    await client.ask(type="PING")
    base = resident_anonymous(gateway.pid)
    async with scene.bystander(gateway, pings_within=5):
        greedy = await WebSocket.open(gateway.port, receive_buffer=4096)
        greedy.writer.transport.pause_reading()
        from faultkit.websocket import TEXT, frame

        question = frame(TEXT, b'{"type":"GET","streamId":"a","offset":0,"length":65536}')
        highest = base
        sent = 0
        deadline = time.monotonic() + 60
        gone = False
        while not gone and time.monotonic() < deadline:
            if sent < 100_000:
                try:
                    greedy.writer.write(question * 500)
                    sent += 500
                    async with asyncio.timeout(0.05):
                        await greedy.writer.drain()
                except TimeoutError:
                    pass
                except OSError:
                    gone = True
            else:
                await asyncio.sleep(0.05)
            gone = gone or greedy.writer.transport.is_closing()
            highest = max(highest, resident_anonymous(gateway.pid))
            if gone is False and "given up" in gateway.log():
                gone = True
            if processor_seconds(gateway.pid) < 0:
                break
            if _closed_by_peer(gateway, greedy):
                gone = True
        expect(gone, "a reader that takes nothing is never given up")
        expect(highest - base < 32 * MB, f"memory grew by {(highest - base) // MB} MiB")
        greedy.abort()


def _closed_by_peer(gateway, socket_):
    """Whether the gateway has let go of a connection; seen from its own descriptors, since nothing is read here."""
    own = socket_.writer.get_extra_info("sockname")
    needle = f":{own[1]:04X} "
    try:
        with open(f"/proc/{gateway.pid}/net/tcp", encoding="utf-8") as file:
            for line in file:
                fields = line.split()
                if len(fields) > 9 and fields[2].endswith(needle.strip()) and fields[3] == "01" and fields[9] != "0":
                    return False
        return True
    except OSError:
        return False


@row("43", "a subscriber that reads nothing: the writer and other subscribers are unhurt, memory is bounded")
async def slow_subscriber(scene):
    gateway = scene.gateway(limits={"writeTimeoutSeconds": 20})
    await gateway.start()
    writer, good = await Client.open(gateway.port), await Client.open(gateway.port)
    data = scene.bytes(64 * MB)
    await writer.start("live")
    slow = await Client.open(gateway.port, receive_buffer=4096)
    await slow.ask(type="SUBSCRIBE", streamId="live")
    slow.receiving.cancel()
    slow.socket.writer.transport.pause_reading()
    await good.ask(type="SUBSCRIBE", streamId="live")
    base = highest = resident_anonymous(gateway.pid)
    began = time.monotonic()

    async def write():
        for offset in range(0, len(data), 65536):
            await writer.append(data[offset : offset + 65536])
        await writer.stop("live", sha256=digest(data))

    writing = asyncio.create_task(write())
    at = 0
    while at < len(data):
        part = await good.answer()
        expect(not isinstance(part, dict), f"the good subscriber is told {part}")
        expect(part == data[at : at + len(part)], "the good subscriber is given wrong bytes")
        at += len(part)
        highest = max(highest, resident_anonymous(gateway.pid))
    await writing
    expect(time.monotonic() - began < 60, "the others were held up")
    expect(highest - base < 48 * MB, f"memory grew by {(highest - base) // MB} MiB")
    await slow.close()


@row("46", "headers that come a byte at a time: given up in time, others served", quick=True)
async def slow_headers(scene):
    gateway = scene.gateway(limits={"headerTimeoutSeconds": 3})
    await gateway.start()
    async with scene.bystander(gateway, pings_within=5):
        sockets = _plain(gateway.port, 200)
        began, ended = time.monotonic(), 0
        text = b"GET /audio HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"a" * 1000
        position = 0
        while sockets and time.monotonic() - began < 15:
            for plain in list(sockets):
                try:
                    plain.send(text[position % len(text) : position % len(text) + 1])
                    gone = plain.recv(4096) == b""
                except BlockingIOError:
                    gone = False
                except OSError:
                    gone = True
                if gone:
                    plain.close()
                    sockets.remove(plain)
                    ended += 1
            position += 1
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        expect(not sockets, f"{len(sockets)} of 200 are still there after {took:.0f} s")
