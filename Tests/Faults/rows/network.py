"""Networks that lose, delay, or fall silent; each in a namespace of its own."""

import asyncio
import os
import time

from faultkit.client import Client, ConnectionLost, Unexpected
from faultkit.scene import digest, expect, row, upload
from faultkit.system import Skip, need, run

MB = 1 << 20


def _filter(*rules):
    """Rules of a packet filter for what comes in."""
    need("nft")
    script = "table inet fault { chain input { type filter hook input priority 0; policy accept;\n"
    script += "\n".join(rules) + "\n}\n}\n"
    try:
        run("nft", "-f", "-", input=script)
    except RuntimeError as error:
        raise Skip(f"no packet filter: {error}") from error


def _no_filter():
    run("nft", "delete", "table", "inet", "fault", check=False)


@row("39", "a writer whose network falls silent: a resume takes over at once, and the old one's late bytes never land", namespace=True, backends=("mmap", "sqlite"))
async def half_open_writer(scene):
    gateway = scene.gateway(limits={"idleTimeoutSeconds": 6})
    await gateway.start()
    old = await Client.open(gateway.port)
    data = scene.bytes(400_000)
    await old.start("a", ackEvery=4096)
    await old.append(data[:100_000])
    await old.ask(type="PING")
    old_port = old.socket.writer.get_extra_info("sockname")[1]
    _filter(f"tcp sport {old_port} drop", f"tcp dport {old_port} drop")
    # Bytes that are not the stream's, on their way for as long as the network is silent.
    await old.append(b"late" * 10_000)
    newcomer = await Client.open(gateway.port)
    began = time.monotonic()
    at = await newcomer.start("a", resume=True)
    expect(time.monotonic() - began < 2, "taking over waits for the old connection")
    expect(at == 100_000, f"it goes on at {at}")
    await newcomer.append(data[at:300_000])
    _no_filter()
    await asyncio.sleep(1)
    await newcomer.append(data[300_000:])
    await newcomer.stop("a", sha256=digest(data))
    expect(await newcomer.read("a", len(data)) == data, "late bytes have landed")
    # And a silent one is given up, with nobody taking over.
    silent = await Client.open(gateway.port)
    await silent.start("b")
    await silent.append(data[:1000])
    await silent.ask(type="PING")
    port = silent.socket.writer.get_extra_info("sockname")[1]
    _filter(f"tcp sport {port} drop", f"tcp dport {port} drop")
    deadline = time.monotonic() + 20
    while (await newcomer.info("b"))["state"] == "live":
        expect(time.monotonic() < deadline, "a silent writer is not given up after 20 s; the idle timeout is 6 s")
        await asyncio.sleep(0.1)
    _no_filter()
    await scene.verified(gateway)


async def _round_trips(scene, gateway, count, size):
    path = os.path.join(scene.directory, "file")
    data = scene.bytes(size)
    with open(path, "wb") as file:
        file.write(data)
    for number in range(count):
        process = await asyncio.create_subprocess_exec(
            scene.options.audio_client, "roundtrip", "--server", f"ws://127.0.0.1:{gateway.port}/audio", path,
            path + ".back", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(200):
            output, _ = await process.communicate()
        expect(process.returncode == 0, f"round trip {number} ends with {process.returncode}: {output.decode()}")
        with open(path + ".back", "rb") as file:
            expect(file.read() == data, "other bytes came back")


@row("41", "every twentieth packet is lost: slower, bytes right, no error", namespace=True)
async def packet_loss(scene):
    gateway = scene.gateway()
    await gateway.start()
    _filter(f"tcp dport {gateway.port} numgen random mod 100 < 5 drop", f"tcp sport {gateway.port} numgen random mod 100 < 5 drop")
    await _round_trips(scene, gateway, 2, MB)
    expect("error" not in gateway.log(), f"the log has errors: {gateway.log()}")


@row("41", "every fifth packet is lost: slow, bytes right", namespace=True)
async def heavy_packet_loss(scene):
    gateway = scene.gateway()
    await gateway.start()
    _filter(f"tcp dport {gateway.port} numgen random mod 100 < 20 drop")
    await _round_trips(scene, gateway, 1, 200_000)


def _shape(rate):
    need("tc")
    # Packets of a real network's size: the bucket is smaller than those of the loopback device.
    run("ip", "link", "set", "lo", "mtu", "1500")
    try:
        run("tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", rate, "burst", "64k", "latency", "400ms")
    except RuntimeError as error:
        raise Skip(f"no traffic shaping: {error}") from error


@row("41", "a link of 8 Mbit/s: bytes right, no spurious timeout", namespace=True)
async def slow_link(scene):
    _shape("8mbit")
    gateway = scene.gateway(limits={"writeTimeoutSeconds": 5, "idleTimeoutSeconds": 10})
    await gateway.start()
    await _round_trips(scene, gateway, 1, 3 * MB)


@row("41", "a link of 1 Mbit/s: what the client's system still has to send is no reason to give up", namespace=True)
async def very_slow_link(scene):
    _shape("1mbit")
    gateway = scene.gateway()
    await gateway.start()
    path = os.path.join(scene.directory, "file")
    data = scene.bytes(3 * MB)
    with open(path, "wb") as file:
        file.write(data)
    # All of it fits into the system's buffers, so that STOP is written at once and answered after half a minute.
    process = await asyncio.create_subprocess_exec(
        scene.options.audio_client, "upload", "--server", f"ws://127.0.0.1:{gateway.port}/audio", "--id", "a", path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(200):
        output, _ = await process.communicate()
    expect(process.returncode == 0, f"the upload ends with {process.returncode}: {output.decode()}")
    expect("Going on" not in output.decode(), f"the upload did not arrive in one go: {output.decode()}")
    client = await Client.open(gateway.port)
    expect((await client.info("a"))["sha256"] == digest(data), "other bytes arrived")


@row("40", "connections that are reset from outside: suspended and resumable", namespace=True)
async def resets(scene):
    need("ss")
    gateway = scene.gateway()
    await gateway.start()
    data = scene.bytes(500_000)
    for number in range(10):
        client = await Client.open(gateway.port)
        at = 0
        try:
            at = await client.start("a", resume=True)
            await client.append(data[at : at + 40_000])
            await client.ask(type="PING")
        except Unexpected as error:
            expect(error.code == "stream_busy", f"{error}")
        run("ss", "-K", "dst", "127.0.0.1", "dport", "=", f":{gateway.port}", check=False)
        try:
            async with asyncio.timeout(5):
                await client.ask(type="PING")
            if number == 0:
                raise Skip("this kernel can't reset connections from outside (ss -K)")
        except (ConnectionLost, TimeoutError):
            pass
        await client.close()
    client = await Client.open(gateway.port)
    at = await client.start("a", resume=True)
    expect(at > 0, "nothing was kept")
    await client.append(data[at:])
    await client.stop("a", sha256=digest(data))
    expect(await client.read("a", len(data)) == data, "the stream is wrong")
