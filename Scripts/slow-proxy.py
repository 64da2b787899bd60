#!/usr/bin/env python3
"""Stands between a client and a server on the loopback interface, and makes the way as long and as narrow as it is told:
for checks of what a slow store does to a gateway, where no privilege is to be had for the kernel's own (tc-netem(8)).

    slow-proxy.py LISTEN TARGET [--delay MILLISECONDS] [--rate BYTES-A-SECOND]

LISTEN and TARGET are ports of 127.0.0.1. The delay is that of one way; the rate is that of one connection, each way.
Prints a line once it listens, and ends by a signal.
"""
import argparse
import asyncio
import time

PIECE = 16_384
# As much as is under way at a time: a sender is held back by it, as by a narrow line.
PIECES_UNDER_WAY = 64


async def forward(reader, writer, delay, rate):
    """Hands on what comes, each piece so much later, and no faster than the rate."""
    way = asyncio.Queue(PIECES_UNDER_WAY)

    async def send():
        free_at = 0.0
        while True:
            arrival, piece = await way.get()
            if not piece:
                break
            free_at = max(free_at, arrival) + (len(piece) / rate if rate else 0)
            due = free_at + delay
            await asyncio.sleep(max(0, due - time.monotonic()))
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    sender = asyncio.create_task(send())
    try:
        piece = b"-"
        while piece:
            piece = await reader.read(PIECE)
            await way.put((time.monotonic(), piece))
        await sender
    except OSError:
        pass
    finally:
        sender.cancel()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("listen", type=int)
    parser.add_argument("target", type=int)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--rate", type=float, default=0)
    arguments = parser.parse_args()

    async def serve(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", arguments.target)
        except OSError:
            writer.close()
            return
        ways = [(reader, far_writer), (far_reader, writer)]
        try:
            await asyncio.gather(*(forward(*way, arguments.delay / 1_000, arguments.rate) for way in ways))
        finally:
            far_writer.close()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", arguments.listen)
    print(f"{arguments.listen} goes to {arguments.target}", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
