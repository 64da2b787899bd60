#!/usr/bin/env python3
"""Uploads, reads, follows and deletes for as long as it is told, and looks that everything returns to where it was.

Run it by Scripts/soak.sh.
"""

import argparse
import asyncio
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time

from faultkit.client import Client, Unexpected
from faultkit.gateway import Gateway
from faultkit.scene import upload
from faultkit.system import descriptors, mappings, processor_seconds, resident_anonymous

MB = 1 << 20
#: For so long everything may grow that grows once: pools, threads, the pages of libraries.
WARM_UP = 30
#: What may stay at the end beyond where it was after warming up.
TOLERANCE = {"RssAnon MiB": 16, "descriptors": 0, "mappings": 32, "threads": 2, "files": 0, "rows": 0}


class Sample(dict):
    """What a gateway holds at a moment."""

    def __init__(self, gateway):
        pid = gateway.pid
        super().__init__()
        self["RssAnon MiB"] = round(resident_anonymous(pid) / MB, 1)
        self["descriptors"] = descriptors(pid)
        self["mappings"] = mappings(pid)
        self["threads"] = len(os.listdir(f"/proc/{pid}/task"))
        cache = gateway.cache
        self["files"] = sum(1 for name in os.listdir(cache) if name.endswith((".audio", ".part"))) if cache else 0
        index = os.path.join(cache, "index.sqlite") if cache else ""
        self["rows"] = 0
        if os.path.exists(index):
            connection = sqlite3.connect(f"file:{index}?mode=ro", uri=True)
            self["rows"] = connection.execute("SELECT count(*) FROM stream").fetchone()[0]
            connection.close()


class Soak:
    """The load on one gateway."""

    def __init__(self, gateway, seed):
        self.gateway = gateway
        self.seed = seed
        self.streams = 0
        self.bytes = 0

    async def run(self, seconds, workers=6):
        end = time.monotonic() + seconds
        await asyncio.gather(*[self._work(random.Random(f"{self.seed} {number}"), number, end) for number in range(workers)])

    async def _work(self, source, number, end):
        """A client that lives for a while, and is followed by another one."""
        while time.monotonic() < end:
            client = await Client.open(self.gateway.port)
            reader = await Client.open(self.gateway.port)
            try:
                for turn in range(source.randrange(1, 60)):
                    await self._stream(client, reader, source, f"w{number}.{turn}")
                    if time.monotonic() > end:
                        break
            finally:
                await client.close()
                await reader.close()

    async def _stream(self, client, reader, source, name):
        data = source.randbytes(int(2 ** source.uniform(0, 20)))
        kind = source.random()
        if kind < 0.15:
            # An upload that is dropped, gone on with from another connection, and followed.
            dropped = await Client.open(self.gateway.port)
            await dropped.start(name)
            await dropped.append(data[: len(data) // 2])
            await dropped.ask(type="PING")
            await dropped.close()
            at = await client.start(name, resume=True)
            await client.append(data[at:])
            await client.stop(name)
        elif kind < 0.25:
            await client.start(name)
            await client.append(data)
            await client.ask(type="ABORT", streamId=name)
            return
        else:
            await upload(client, name, data)
        if await reader.read(name, len(data)) != data:
            raise AssertionError(f"{name} came back as something else")
        await client.ask(type="DELETE", streamId=name)
        self.streams += 1
        self.bytes += len(data)


async def quiet(gateway):
    """Waits until nobody holds anything any more, for a little longer than readers are kept."""
    await asyncio.sleep(4)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        client = await Client.open(gateway.port)
        streams = await client.list()
        await client.close()
        if not streams:
            break
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)


async def run(options):
    gateways, soaks = [], []
    for kind in options.backends:
        house = os.path.join(options.directory, kind)
        backend = {"type": kind}
        if kind != "memory":
            backend.update(directory=os.path.join(house, "cache"), minFreeBytes=0)
        gateway = Gateway(options.gateway, house, backend)
        gateway.cache = backend.get("directory")
        await gateway.start()
        gateways.append(gateway)
        soaks.append(Soak(gateway, f"{options.seed} {kind}"))
    try:
        await asyncio.gather(*[soak.run(min(WARM_UP, options.minutes * 60)) for soak in soaks])
        await asyncio.gather(*[quiet(gateway) for gateway in gateways])
        first = [Sample(gateway) for gateway in gateways]
        await asyncio.gather(*[soak.run(options.minutes * 60) for soak in soaks])
        await asyncio.gather(*[quiet(gateway) for gateway in gateways])
        last = [Sample(gateway) for gateway in gateways]
        bad = 0
        print(f"{'backend':<8} {'what':<12} {'begin':>8} {'end':>8}  result")
        for soak, kind, before, after in zip(soaks, options.backends, first, last):
            for what, tolerance in TOLERANCE.items():
                returns = after[what] <= before[what] + tolerance
                bad += not returns
                print(f"{kind:<8} {what:<12} {before[what]:>8} {after[what]:>8}  {'ok' if returns else 'GROWN'}")
            seconds = processor_seconds(soak.gateway.pid)
            print(f"{kind:<8} {soak.streams} streams, {soak.bytes / 1e9:.1f} GB, {seconds:.0f} s of computing")
        return 1 if bad else 0
    finally:
        for gateway in gateways:
            gateway.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--backend", dest="backends", action="append", choices=["mmap", "sqlite", "memory"])
    parser.add_argument("--gateway", required=True)
    options = parser.parse_args()
    options.backends = options.backends or ["mmap", "sqlite", "memory"]
    options.directory = tempfile.mkdtemp(prefix="soak.")
    print(f"{options.minutes:g} minutes after {WARM_UP} s of warming up, seed {options.seed}", flush=True)
    try:
        status = asyncio.run(run(options))
    except Unexpected as error:
        print(f"FAILED: {error}; logs are kept in {options.directory}", file=sys.stderr)
        return 1
    shutil.rmtree(options.directory)
    return status


if __name__ == "__main__":
    sys.exit(main())
