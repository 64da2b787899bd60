#!/usr/bin/env python3
"""Gives the directory of a stopped gateway many streams: their files, which are empty, and, where it has an index of the
sqlite backend, their rows as the gateway writes them itself. A hundredth of the streams are unfinished.

    fill-index.py DIRECTORY [COUNT]

Start a gateway over the directory once before, so that it has whatever the backend keeps there.
"""

import hashlib
import os
import sqlite3
import sys

START, DAY = 1_700_000_000_000, 86_400_000
EMPTY = hashlib.sha256(b"").digest()


def name(number):
    return f"stream-{number:012x}-7000-8000-{number * 2654435761 % 2**48:012x}"


def row(number):
    stream, created = name(number), START + number * 137
    sealed = number % 100 != 7
    return (
        stream, stream + (".audio" if sealed else ".part"), "sealed" if sealed else "suspended", 0, "audio/opus",
        EMPTY if sealed else None, created, created + 60_000 if sealed else None, None, None, None,
        '{"room":"%d"}' % (number % 1000), "process" if sealed else None, created + 60_000, None, None,
    )


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    directory = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) == 3 else 1_000_000
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(count):
        os.mknod(name(number) + (".audio" if number % 100 != 7 else ".part"), 0o600, dir_fd=folder)
    path = os.path.join(directory, "index.sqlite")
    if not os.path.exists(path):
        return
    index = sqlite3.connect(path)
    index.execute("PRAGMA cache_size = -400000")
    with index:
        index.executemany(f"INSERT INTO stream VALUES ({','.join('?' * 16)})", (row(n) for n in range(count)))
    index.execute("PRAGMA wal_checkpoint(TRUNCATE)")


main()
