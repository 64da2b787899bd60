#!/usr/bin/env python3
"""Kills a gateway at random moments under mixed load, again and again, and checks after each what it promised.

Run it by Scripts/crash-loop.sh, which builds what it needs and tells what it checks.
"""

import argparse
import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from faultkit.client import Client
from faultkit.content import Content
from faultkit.gateway import Gateway, GatewayFailure
from faultkit.ledger import Broken, Ledger
from faultkit.load import Load


class House:
    """One directory, the gateway over it, and the ledger of what was promised of it."""

    def __init__(self, options, name, content, **backend):
        self.name = name
        self.options = options
        self.is_scarce = "maxBytes" in backend
        directory = os.path.join(options.directory, name)
        configuration = {"type": options.backend, "directory": os.path.join(directory, "cache"), "minFreeBytes": 0}
        self.gateway = Gateway(options.gateway, directory, {**configuration, **backend})
        self.ledger = Ledger(content)

    async def round(self, number, source):
        """Starts, checks, loads and kills; returns what was done."""
        removed = set()
        # A gateway that dies while it starts, perhaps for the second time.
        aborted = 0
        while source.random() < 0.2 and aborted < 3:
            self.gateway.spawn()
            await asyncio.sleep(source.uniform(0, 0.08))
            self.gateway.kill()
            removed |= self.removed()
            aborted += 1
        await self.gateway.start()
        await self.gateway.recovered()
        await self.check(removed)
        load = Load(
            self.ledger,
            self.gateway.port,
            f"{self.options.seed} {number}",
            lifetime=None if self.is_scarce else 1,
            is_scarce=self.is_scarce,
        )
        tasks = load.tasks()
        done, _ = await asyncio.wait(tasks, timeout=source.uniform(0.005, 0.5), return_when=asyncio.FIRST_EXCEPTION)
        self.raise_failure(done)
        if not self.gateway.is_alive:
            raise Broken(f"the gateway ended by itself, with {self.gateway.process.returncode}")
        self.gateway.kill()
        load.is_over = True
        _, pending = await asyncio.wait(tasks, timeout=30)
        for task in pending:
            task.cancel()
        self.raise_failure(tasks)
        self.removed_under_load = self.removed()
        return {**load.counts, "kills": 1 + aborted}

    @staticmethod
    def raise_failure(tasks):
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception()
        if any(not task.done() for task in tasks if task.cancelled()):
            raise Broken("a client still waited 30 s after the gateway was gone")

    removed_under_load = frozenset()

    def removed(self):
        """What this start of the gateway says it evicted or let expire."""
        return set(re.findall(r"stream=(\S+)[^\n]*stream (?:evicted|expired)", self.gateway.log()))

    async def check(self, removed=frozenset()):
        """Every stream, and the index beside the files. `removed` is what earlier starts have removed."""
        client = await Client.open(self.gateway.port)
        earlier = removed | self.removed_under_load
        try:
            await self.ledger.check(client, lambda: earlier | self.removed())
        finally:
            await client.close()
        verify = await asyncio.create_subprocess_exec(
            *[self.options.cache_inspect, "verify", "--no-record", "--config", self.gateway.config],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await verify.communicate()
        if verify.returncode != 0:
            raise Broken(f"cache-inspect verify ends with {verify.returncode}:\n{output.decode()}")
        problems = [line for line in self.gateway.log().splitlines() if re.search(r"recovery: (damaged|missing)|\berror\b", line)]
        if problems:
            raise Broken("the gateway reports trouble:\n" + "\n".join(problems))


async def run(options):
    content = Content(options.seed)
    houses = [
        House(options, "plain", content),
        House(options, "scarce", content, maxBytes=6 << 20, maxStreams=40),
    ]
    source = random.Random(f"rounds {options.seed}")
    totals, began = {}, time.monotonic()
    try:
        for number in range(1, options.rounds + 1):
            house = houses[1] if number % 4 == 0 else houses[0]
            try:
                counts = await house.round(number, source)
            except Exception as error:
                print(f"round {number} of seed {options.seed} ({house.name}): {error}", file=sys.stderr)
                raise
            for what, count in counts.items():
                totals[what] = totals.get(what, 0) + count
            if number % 50 == 0:
                print(f"{number} rounds, {time.monotonic() - began:.0f} s", flush=True)
        for house in houses:
            await house.gateway.start()
            await house.gateway.recovered()
            await house.check()
            await house.gateway.stop()
    finally:
        for house in houses:
            house.gateway.kill()
    checked = sum(house.ledger.checked_streams for house in houses)
    megabytes = sum(house.ledger.checked_bytes for house in houses) / 1e6
    print(f"seed {options.seed}, backend {options.backend}: {options.rounds} rounds, {totals.pop('kills', 0)} kills, all promises kept")
    print("  under load: " + ", ".join(f"{count} {what}" for what, count in sorted(totals.items())))
    print(f"  read again after the kills: {checked} streams, {megabytes:.0f} MB; {time.monotonic() - began:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**9)))
    parser.add_argument("--backend", choices=["mmap", "sqlite"], default="sqlite")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--cache-inspect", required=True)
    parser.add_argument("--directory", help="where to work; a temporary directory that is kept only after a failure")
    options = parser.parse_args()
    options.directory = options.directory or tempfile.mkdtemp(prefix="crash-loop.")
    print(f"seed {options.seed}, backend {options.backend}, {options.rounds} rounds in {options.directory}", flush=True)
    try:
        asyncio.run(run(options))
    except (Broken, GatewayFailure, AssertionError) as error:
        print(f"FAILED: {error}\nSeed {options.seed}; directory, log and index are kept in {options.directory}", file=sys.stderr)
        return 1
    except BaseException:
        print(f"FAILED with seed {options.seed}; what there is is kept in {options.directory}", file=sys.stderr)
        raise
    shutil.rmtree(options.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
