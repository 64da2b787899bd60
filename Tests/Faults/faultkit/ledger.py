"""What the gateway promised, kept by the tester: for each stream, every state that it may be found in.

Before a request goes out, the states that it may bring about are added; when its answer comes, those that the answer
excludes are struck out. So at any moment, also when the gateway dies, the ledger has exactly what may be found.
"""

import hashlib
from dataclasses import dataclass, field

from .client import Unexpected


@dataclass
class Absent:
    """There is no such stream."""

    def __str__(self):
        return "absent"


@dataclass
class Unfinished:
    """A writer was at it: at least `kept` bytes are there, the first of those sent, and not more than `sent`."""

    base: int
    kept: int = 0
    sent: int = 0
    #: Whether the gateway may remove it of its own accord, once it is sealed.
    expires: bool = False
    #: Who promised the last of the bytes that are kept, for people.
    witness: str = "nobody"

    def keep(self, size, witness):
        """So many bytes are there, and will be."""
        if size > self.kept:
            self.kept, self.witness = size, witness

    def __str__(self):
        return f"unfinished with {self.kept} (says {self.witness}) to {self.sent} bytes"


@dataclass
class Sealed:
    """It was sealed, with so many bytes."""

    base: int
    size: int
    expires: bool = False

    def __str__(self):
        return f"sealed with {self.size} bytes"


@dataclass
class Entry:
    """One stream, by its id."""

    id: str
    states: list = field(default_factory=lambda: [Absent()])
    #: Every content that the id stood for, oldest first.
    bases: list = field(default_factory=list)
    is_busy: bool = False
    #: The states that there was no doubt about before, since the last check: what a power cut may bring back.
    earlier: list = field(default_factory=list)

    @property
    def state(self):
        """The state, where there is no doubt about it; otherwise None."""
        return self.states[0] if len(self.states) == 1 else None

    @property
    def expires(self):
        """Whether it may have been removed by the gateway itself."""
        return any(isinstance(state, Sealed) and state.expires for state in self.states)

    def settle(self, state):
        """There is no doubt any more."""
        self.earlier += [former for former in self.states if former is not state]
        self.states = [state]

    def allow(self, *states):
        """These are possible as well."""
        self.states = self.states + list(states)


class Broken(Exception):
    """A promise was broken."""


class Ledger:
    """All streams of one directory."""

    def __init__(self, content):
        self.content = content
        self.entries = {}
        self.checked_streams = 0
        self.checked_bytes = 0

    def new(self, stream, source, expires):
        """An entry for a stream that is yet to be started, or started anew; and the state that it will be in."""
        entry = self.entries.setdefault(stream, Entry(stream))
        base = self.content.base(source)
        entry.bases.append(base)
        return entry, Unfinished(base, expires=expires)

    def bytes_match(self, entry, since, offset, data):
        """Whether bytes are those of one of the contents that the id has stood for since there were `since` of them."""
        return any(
            self.content.of(base, offset, offset + len(data)) == data for base in entry.bases[max(since - 1, 0) :]
        )

    async def check(self, client, removed):
        """Compares everything that the gateway has with what may be there; afterwards there is no doubt any more.

        `removed` tells the ids that the gateway says by now it evicted or let expire; one more may have gone without its
        having come to say so.
        """
        listed = await client.list()
        unknown = set(listed) - set(self.entries)
        if unknown:
            raise Broken(f"streams that nobody made: {sorted(unknown)[:5]}")
        unsaid = 1
        for entry in list(self.entries.values()):
            info = listed.get(entry.id)
            if info is not None and await self._check(client, entry, info):
                continue
            if not any(isinstance(state, Absent) for state in entry.states):
                if not entry.expires:
                    raise Broken(f"{entry.id} is gone; it is to be {self._text(entry)}")
                if entry.id not in removed():
                    unsaid -= 1
                if unsaid < 0:
                    raise Broken(f"{entry.id} is gone, and the gateway does not say that it removed it")
            entry.settle(Absent())
        for entry in [entry for entry in self.entries.values() if isinstance(entry.state, Absent)]:
            if await client.info(entry.id) is not None:
                raise Broken(f"{entry.id} is not listed, and INFO finds it")
            del self.entries[entry.id]

    async def _check(self, client, entry, info):
        """Whether a listed stream is there, as it has to be."""
        size, state = info["size"], info["state"]
        try:
            data = await client.read(entry.id, size)
        except Unexpected as error:
            if error.code != "stream_not_found":
                raise
            await client.drop_answers()
            return False
        if len(data) != size:
            raise Broken(f"{entry.id} is {state} with {size} bytes, and only {len(data)} of them come")
        for possible in entry.states:
            if isinstance(possible, Absent) or self.content.of(possible.base, 0, size) != data:
                continue
            if isinstance(possible, Sealed) and state == "sealed" and size == possible.size:
                if info.get("sha256") != hashlib.sha256(data).hexdigest():
                    raise Broken(f"{entry.id} is {size} bytes with another SHA-256 than {info.get('sha256')}")
                entry.settle(possible)
                break
            if isinstance(possible, Unfinished) and state == "suspended" and possible.kept <= size <= possible.sent:
                entry.settle(Unfinished(possible.base, size, size, possible.expires))
                break
        else:
            raise Broken(f"{entry.id} is {state} with {size} bytes; it is to be {self._text(entry)}{self._where(entry, data)}")
        entry.bases = [entry.state.base]
        entry.earlier = []
        self.checked_streams += 1
        self.checked_bytes += size
        return True

    def _text(self, entry):
        return " or ".join(str(state) for state in entry.states)

    def _where(self, entry, data):
        """Where the bytes are the wrong ones."""
        for base in entry.bases[-1:]:
            right = self.content.of(base, 0, len(data))
            for index, (found, wanted) in enumerate(zip(data, right)):
                if found != wanted:
                    return f"; the first wrong byte is at {index}"
        return ""
