"""What a row of the matrix is played on: a directory, gateways, streams that are known, and a bystander."""

import asyncio
import contextlib
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import time

from .client import Client, ConnectionLost, Unexpected
from .gateway import Gateway
from .system import FileSystem, Skip, need, need_root

#: What was registered by `row`, in order.
ROWS = []


def row(numbers, promise, quick=False, backends=("mmap",), namespace=False):
    """Registers a row of docs/reliability.md. It is played once for each backend, or once with the first where it does
    not matter; `namespace` where it plays with the network and so needs one of its own."""

    def register(function):
        function.row = (function.__name__.replace("_", "-"), numbers, promise, quick, backends, namespace)
        ROWS.append(function)
        return function

    return register


class Failed(Exception):
    """The gateway did not do what the row promises."""


def expect(condition, what):
    """The one assertion."""
    if not condition:
        raise Failed(what)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Scene:
    """One playing of one row."""

    def __init__(self, options, backend):
        self.options = options
        self.backend = backend
        self.directory = tempfile.mkdtemp(prefix="fault.")
        self.source = random.Random(f"{options.seed}")
        self._ends = []
        self._houses = 0
        self.gateways = []

    def how_gateways_are(self):
        """Which gateways run, and how the others have ended."""
        return ", ".join(
            f"house-{number} {'runs' if gateway.is_alive else f'ended with {gateway.process.returncode}'}"
            for number, gateway in enumerate(self.gateways, 1)
            if gateway.process is not None
        )

    def at_end(self, work):
        """Has something done when the row is over, the last one first."""
        self._ends.append(work)

    def close(self, keep=False):
        for work in reversed(self._ends):
            try:
                work()
            except Exception as error:  # The others are to be undone all the same.
                print(f"  undoing failed: {error}")
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def file_system(self, kind, size, *make_options):
        return FileSystem(self, kind, size, *make_options)

    def gateway(self, directory=None, wrapper=(), environment=None, limits=None, backend=None, **configuration):
        """A gateway that is not started yet; its streams are in `directory`, its log and configuration elsewhere."""
        self._houses += 1
        house = os.path.join(self.directory, f"house-{self._houses}")
        kind = backend or self.backend
        section = {"type": kind}
        if kind != "memory":
            section.update(directory=directory or os.path.join(house, "cache"), minFreeBytes=0)
        section.update(configuration)
        gateway = Gateway(self.options.gateway, house, section, wrapper, environment, **(limits or {}))
        gateway.cache = section.get("directory")
        self.gateways.append(gateway)
        self.at_end(gateway.kill)
        return gateway

    @contextlib.contextmanager
    def inject(self, gateway, calls, action):
        """Has system calls of a running gateway fail, be slow or kill (`strace -e inject`), as long as the block takes.
        The counters are each thread's own and begin here."""
        need("strace")
        need_root()
        process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{action}"]
            + ["-p", str(gateway.pid)],
            stderr=subprocess.PIPE,
        )
        try:
            deadline = time.monotonic() + 20
            while not _is_traced(gateway.pid):
                if process.poll() is not None:
                    raise Skip(f"strace does not attach: {process.stderr.read().decode().strip()}")
                if time.monotonic() > deadline:
                    raise Skip("strace does not attach")
                time.sleep(0.01)
            yield
        finally:
            # It may wait for a thread for ever that its own signal has killed; without it the others just go on.
            process.terminate()
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stderr.close()

    def bytes(self, count):
        return self.source.randbytes(count)

    async def inspect(self, gateway, *arguments):
        """cache-inspect: its exit status and what it wrote."""
        process = await asyncio.create_subprocess_exec(
            self.options.cache_inspect,
            *arguments,
            "--config",
            gateway.config,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    async def verified(self, gateway):
        """`cache-inspect verify` finds nothing wrong, at the latest when upkeep (every 5 s) has written to the index what a
        full disk kept from it."""
        deadline = time.monotonic() + 15
        while True:
            status, output = await self.inspect(gateway, "verify")
            if status == 0 or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.5)
        expect(status == 0, f"cache-inspect verify ends with {status}:\n{output}")

    @contextlib.asynccontextmanager
    async def bystander(self, gateway, uploads=True, pings_within=None):
        """A client of the same gateway that nothing is to happen to, at work for as long as the block takes."""
        bystander = Bystander(gateway, self.source.randrange(1 << 60), uploads)
        await bystander.begin()
        try:
            yield bystander
        except BaseException:
            await bystander.leave()
            raise
        await bystander.end(pings_within)


def _is_traced(pid):
    """Whether every thread of a process is being traced."""
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
                if "TracerPid:\t0\n" in file.read():
                    return False
        return True
    except FileNotFoundError:
        return False


class Bystander:
    """Uploads and reads all the time, and looks that its bytes are right and that it is answered soon."""

    def __init__(self, gateway, seed, uploads):
        self.gateway = gateway
        self.source = random.Random(seed)
        self.name = f"bystander-{seed:x}"
        self.uploads = uploads
        self.rounds = 0
        self.slowest_ping = 0.0
        self.stood_still = 0.0
        self.is_over = False

    async def begin(self):
        self.client = await Client.open(self.gateway.port)
        self.pinger = await Client.open(self.gateway.port)
        self.pinned = self.source.randbytes(200_000)
        await upload(self.client, self.name, self.pinned)
        self.tasks = [asyncio.create_task(task) for task in (self._work(), self._ping(), self._watch())]
        await self.does_more()

    async def does_more(self, rounds=1, patience=60):
        """Waits until it has come so much further."""
        target, deadline = self.rounds + rounds, time.monotonic() + patience
        while self.rounds < target:
            for task in self.tasks:
                if task.done():
                    await task
                    raise Failed("the bystander stopped")
            if time.monotonic() > deadline:
                raise Failed(f"the bystander gets nothing done in {patience} s")
            await asyncio.sleep(0.01)

    async def _work(self):
        while not self.is_over:
            size = self.source.randrange(1, len(self.pinned))
            offset = self.source.randrange(len(self.pinned) - size + 1)
            data = await self.client.get(self.name, offset, size)
            expect(data == self.pinned[offset : offset + size], "the bystander reads wrong bytes")
            if self.uploads:
                data = self.source.randbytes(self.source.randrange(100_000))
                await upload(self.client, self.name + ".more", data)
                expect(await self.client.read(self.name + ".more", len(data)) == data, "the bystander's upload is wrong")
                await self.client.ask(type="DELETE", streamId=self.name + ".more")
            self.rounds += 1
            await asyncio.sleep(0.002)

    async def _ping(self):
        while not self.is_over:
            began, stood_still = time.monotonic(), self.stood_still
            await self.pinger.ask(type="PING")
            taken = time.monotonic() - began
            # Longer than it takes to notice that this process stood still itself.
            await asyncio.sleep(0.02)
            self.slowest_ping = max(self.slowest_ping, taken - (self.stood_still - stood_still))

    async def _watch(self):
        """Adds up for how long this process, or the whole machine, stood still, which is nobody's fault here."""
        while not self.is_over:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            self.stood_still += max(0.0, time.monotonic() - due)

    async def leave(self):
        self.is_over = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.client.close()
        await self.pinger.close()

    async def end(self, pings_within):
        """It goes on after the fault, too."""
        try:
            await self.does_more(2)
            self.is_over = True
            async with asyncio.timeout(60):
                await asyncio.gather(*self.tasks)
        except (ConnectionLost, Unexpected) as error:
            raise Failed(f"the bystander is disturbed: {error}") from error
        finally:
            await self.leave()
        if pings_within is not None:
            expect(self.slowest_ping < pings_within, f"the bystander waited {self.slowest_ping:.2f} s for a PONG")


async def upload(client, stream, data, piece=65536, **options):
    """A whole upload, with its digest declared."""
    await client.start(stream, **options)
    for offset in range(0, len(data), piece):
        await client.append(data[offset : offset + piece])
    answer = await client.stop(stream, sha256=digest(data))
    expect(answer["size"] == len(data), f"{stream} was sealed with {answer['size']} of {len(data)} bytes")


async def append_until_refused(client, stream, data, piece=65536, at=0):
    """Sends bytes of an open upload until the gateway says that one can't be stored; the code, or None."""
    for offset in range(at, len(data), piece):
        if client.upload_error is not None:
            break
        await client.append(data[offset : offset + piece])
        await asyncio.sleep(0)
    return await stop_code(client, stream, sha256=digest(data))


async def stop_code(client, stream, **options):
    """What STOP is refused with, or None."""
    try:
        await client.stop(stream, **options)
    except Unexpected as error:
        return error.code
    return None


async def code_of(awaitable):
    """The code of the ERROR that a question is answered with, or None."""
    try:
        await awaitable
    except Unexpected as error:
        return error.code
    return None


async def resume_and_finish(client, stream, data, patience=60):
    """Goes on with a suspended stream until it is sealed; where it went on."""
    deadline = time.monotonic() + patience
    while True:
        try:
            at = await client.start(stream, resume=True)
            break
        except Unexpected as error:
            if error.code not in ("stream_busy", "storage_full") or time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.02)
    for offset in range(at, len(data), 65536):
        await client.append(data[offset : offset + 65536])
    await client.stop(stream, sha256=digest(data))
    return at
