"""The bytes that streams are made of: any range of any stream can be made again from the seed alone."""

import random


class Content:
    """Random bytes that many streams are cut from. No two streams, and no two places of one, look alike."""

    #: No stream is longer.
    LONGEST = 4 << 20

    def __init__(self, seed):
        source = random.Random(f"content {seed}")
        self._bytes = source.randbytes(self.LONGEST * 4)

    def of(self, base, start, end):
        """Bytes `start..<end` of the stream that begins at `base`."""
        return self._bytes[base + start : base + end]

    def base(self, source):
        """Where a new stream begins."""
        return source.randrange(self.LONGEST * 3)
