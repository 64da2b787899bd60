"""Sound to upload: WAV files whose shape is known."""

import math
import struct


def wav(path, seconds, loudness, rate=16000, frequency=440):
    """Writes 16 bit mono; `loudness` is a function of the time from 0 to 1."""
    frames = int(seconds * rate)
    # A tenth of a second at a time, of equal loudness: long files are made of few sines.
    slice_frames = rate // 10
    tone = [math.sin(2 * math.pi * frequency * i / rate) for i in range(slice_frames)]
    samples = b"".join(
        struct.pack(f"<{slice_frames}h", *(int(32767 * loudness(start / frames) * value) for value in tone))
        for start in range(0, frames, slice_frames)
    )
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(samples) + 36) + b"WAVE")
        file.write(b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16))
        file.write(b"data" + struct.pack("<I", len(samples)) + samples)
    return path


def large(path, size):
    """Writes a file that is not there but at its beginning: as long as you like, in no time."""
    with open(path, "wb") as file:
        file.write(b"RIFF\xff\xff\xff\xffWAVE" + b"A beginning of its own.")
        file.truncate(size)
    return path
