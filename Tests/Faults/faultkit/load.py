"""Mixed load on a gateway, all of it entered in a ledger."""

import asyncio
import hashlib
import random

from .client import Client, ConnectionLost, Unexpected
from .ledger import Absent, Broken, Sealed, Unfinished

#: How many streams of a directory are worth keeping: every one of them is read again after every crash.
ENOUGH = 60


class Load:
    """Uploads of every kind, deletions, reads and live tails, until the gateway goes away.

    `counts` says afterwards what was done. Anything that the gateway should not do raises Broken.
    """

    def __init__(self, ledger, port, seed, lifetime=None, is_scarce=False):
        """`is_scarce` where the gateway may evict, and refuse for want of room; `lifetime` is some streams' ttl."""
        self.ledger = ledger
        self.port = port
        self.seed = seed
        self.lifetime = lifetime
        self.is_scarce = is_scarce
        self.counts = {}
        self.serial = 0
        self.is_over = False

    def tasks(self, uploaders=4, readers=2, tailers=1):
        """Starts the load."""
        kinds = [("upload", self._uploads)] * uploaders + [("read", self._reads)] * readers + [("tail", self._tails)] * tailers
        return [
            asyncio.create_task(self._until_lost(work, random.Random(f"{self.seed} {name} {index}")))
            for index, (name, work) in enumerate(kinds)
        ]

    async def _until_lost(self, work, source):
        try:
            while not self.is_over:
                await work(source)
        except ConnectionLost:
            pass

    def _count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # Uploading

    async def _uploads(self, source):
        client = await Client.open(self.port)
        try:
            while not self.is_over and client is not None:
                client = await self._something(client, source)
        finally:
            if client is not None:
                await client.close()

    def _pick(self, source, *kinds):
        """A stream that nobody is at and that is surely in one of these states."""
        found = [e for e in self.ledger.entries.values() if not e.is_busy and isinstance(e.state, kinds)]
        return source.choice(found) if found else None

    async def _something(self, client, source):
        sealed = sum(1 for entry in self.ledger.entries.values() if isinstance(entry.state, Sealed))
        dice = source.random()
        if dice < (0.45 if sealed > ENOUGH else 0.12):
            return await self._delete(client, source)
        if dice < 0.55:
            entry = self._pick(source, Unfinished)
            if entry is not None:
                return await self._upload(client, source, entry, entry.state, resume=True)
        if dice < 0.62:
            entry = self._pick(source, Sealed, Unfinished)
            if entry is not None:
                _, state = self.ledger.new(entry.id, source, self.is_scarce)
                entry.allow(Absent(), state)
                return await self._upload(client, source, entry, state, overwrite=True)
        self.serial += 1
        entry, state = self.ledger.new(f"s{self.seed.replace(' ', '-')}.{self.serial}", source, self.is_scarce)
        entry.allow(state)
        return await self._upload(client, source, entry, state)

    async def _delete(self, client, source):
        entry = self._pick(source, Sealed, Unfinished)
        if entry is None:
            await asyncio.sleep(0)
            return client
        if await self._remove(client, entry):
            self._count("deletes")
        return client

    async def _remove(self, client, entry):
        """DELETE; whether it came to something."""
        entry.is_busy = True
        before = entry.state
        entry.allow(Absent())
        try:
            await client.ask(type="DELETE", streamId=entry.id)
            entry.settle(Absent())
            return True
        except Unexpected as error:
            if error.code == "stream_not_found" and entry.expires:
                entry.settle(Absent())
            elif error.code == "stream_busy" and isinstance(before, Unfinished):
                # The gateway has not noticed yet that the writer's connection is gone.
                entry.settle(before)
            else:
                raise
            return False
        finally:
            entry.is_busy = False

    async def _upload(self, client, source, entry, state, **options):
        """One upload, or a part of one; returns the connection to go on with."""
        entry.is_busy = True
        spare = []
        before = entry.states[0]
        try:
            return await self._upload_held(client, source, entry, state, options, spare)
        except Unexpected as error:
            if error.code == "stream_busy" and "overwrite" in options and isinstance(before, Unfinished):
                entry.settle(before)
                entry.bases.pop()
                return client
            if error.code not in ("storage_full", "limit") or not self.is_scarce:
                raise
            # What came of it is found out at the next look. Those that take room and can't be evicted have to go.
            self._count("refused")
            await self._make_room(client, source)
            return client
        finally:
            entry.is_busy = False
            for other in spare:
                await other.close()

    async def _make_room(self, client, source):
        for _ in range(3):
            entry = self._pick(source, Unfinished)
            if entry is not None:
                await self._remove(client, entry)

    async def _upload_held(self, client, source, entry, state, options, spare):
        if source.random() < 0.5:
            options["ackEvery"] = source.choice([1, 4096, 65536])
        if self.lifetime is not None and source.random() < 0.1 and "resume" not in options:
            options["ttlSeconds"] = self.lifetime
            state.expires = True
        client.on_ack = self._acknowledge(state)
        # A stream that is being overwritten may still be the old one, until STARTED.
        at = await client.start(entry.id, **options)
        self._starts(entry, state, at)
        self._count("resumes" if "resume" in options else "overwrites" if "overwrite" in options else "uploads")
        ending = source.random()
        target = min(self.ledger.content.LONGEST, at + int(2 ** source.uniform(0, 20.5)) - 1)
        takeover_at = source.randrange(at, target + 1) if source.random() < 0.08 else None
        while at < target:
            if takeover_at is not None and at >= takeover_at:
                takeover_at = None
                spare.append(client)
                client, at = await self._take_over(client, entry, state, source)
                continue
            count = min(target - at, source.choice([1, 100, 4096, 4096, 65536, 65536, 200_000]))
            state.sent = max(state.sent, at + count)
            await client.append(self.ledger.content.of(state.base, at, at + count))
            at += count
            if client.upload_error is not None:
                raise Unexpected({"type": "bytes", "streamId": entry.id}, client.upload_error)
            if source.random() < 0.1:
                await asyncio.sleep(source.uniform(0, 0.005))
        if ending < 0.12:
            await client.close()
            self._count("drops")
            return await Client.open(self.port)
        if ending < 0.17:
            entry.allow(Absent())
            await client.ask(type="ABORT", streamId=entry.id)
            entry.settle(Absent())
            self._count("aborts")
            return client
        if ending < 0.21:
            return await self._stop_wrongly(client, entry, state, at)
        right = hashlib.sha256(self.ledger.content.of(state.base, 0, at)).hexdigest()
        sealed = Sealed(state.base, at, state.expires)
        entry.allow(sealed)
        answer = await client.stop(entry.id, **({"sha256": right} if ending < 0.9 else {}))
        entry.settle(sealed)
        if answer["size"] != at or answer["sha256"] != right:
            raise Broken(f"{entry.id} was sealed with {answer['size']} bytes and {answer['sha256']}, not {at} and {right}")
        self._count("sealed")
        return client

    async def _stop_wrongly(self, client, entry, state, size):
        try:
            await client.stop(entry.id, sha256="0" * 64)
        except Unexpected as error:
            if error.code != "digest_mismatch":
                raise
            state.kept = state.sent = size
            entry.settle(state)
            self._count("mismatches")
            return client
        raise Broken(f"{entry.id} was sealed with a digest that is not its own")

    @staticmethod
    def _acknowledge(state):
        def on_ack(offset, durable):
            if durable > offset or offset > state.sent:
                raise Broken(f"ACK of {offset} and {durable} where {state.sent} were sent")
            state.keep(durable, "ACK")

        return on_ack

    def _starts(self, entry, state, offset):
        """STARTED: what is there now is what it says, and no writer before this one can add to it."""
        if not state.kept <= offset <= state.sent:
            raise Broken(f"{entry.id} goes on at {offset}; it is to be {state}")
        state.kept = state.sent = offset
        entry.settle(state)

    async def _take_over(self, client, entry, state, source):
        """Goes on from another connection while the first one still sends."""
        client.on_ack = lambda offset, durable: None
        newcomer = await Client.open(self.port)
        newcomer.on_ack = self._acknowledge(state)
        at = await newcomer.start(entry.id, resume=True, ackEvery=4096)
        self._starts(entry, state, at)
        await client.append(source.randbytes(source.choice([1, 5000, 100_000])))
        self._count("takeovers")
        return newcomer, at

    # Reading

    async def _reads(self, source):
        client = await Client.open(self.port)
        try:
            while not self.is_over:
                found = [e for e in self.ledger.entries.values() if isinstance(e.state, (Sealed, Unfinished))]
                if not found:
                    await asyncio.sleep(0.005)
                    continue
                await self._read(client, source, source.choice(found))
        finally:
            await client.close()

    async def _read(self, client, source, entry):
        state, since = entry.state, len(entry.bases)
        size = state.size if isinstance(state, Sealed) else state.sent
        offset = source.randrange(size + 1)
        try:
            data = await client.get(entry.id, offset, source.choice([1, 1000, 65536, 1 << 20]))
        except Unexpected as error:
            may_be_gone = entry.expires or entry.is_busy or entry.state is not state
            # There was no room for what had come.
            may_be_gone = may_be_gone or (self.is_scarce and isinstance(state, Unfinished))
            if error.code not in ("stream_not_found", "aborted") or not may_be_gone:
                raise
            return
        except ConnectionLost as error:
            self._given(entry, state, since, offset, error.partial)
            raise
        self._given(entry, state, since, offset, data)
        self._count("reads")

    def _given(self, entry, state, since, offset, data):
        """A reader was given bytes: they are right, and from now on they are there."""
        if not self.ledger.bytes_match(entry, since, offset, data):
            raise Broken(f"{entry.id}: a reader was given wrong bytes at {offset}")
        if data and isinstance(state, Unfinished) and len(entry.bases) == since:
            state.keep(offset + len(data), "a reader")

    async def _tails(self, source):
        found = [e for e in self.ledger.entries.values() if e.is_busy and isinstance(e.state, Unfinished)]
        if not found:
            await asyncio.sleep(0.005)
            return
        entry = source.choice(found)
        state, since = entry.state, len(entry.bases)
        client = await Client.open(self.port)
        try:
            async with asyncio.timeout(source.uniform(0.02, 0.3)):
                at = (await client.ask(type="SUBSCRIBE", streamId=entry.id, offset=0))["offset"]
                while not isinstance(data := await client.answer(), dict):
                    self._given(entry, state, since, at, data)
                    at += len(data)
            self._count("tails")
        except TimeoutError:
            self._count("tails")
        except Unexpected as error:
            if error.code not in ("stream_not_found", "aborted"):
                raise
        except ConnectionLost as error:
            self._given(entry, state, since, at, error.partial) if error.partial else None
            raise
        finally:
            await client.close()
