#!/usr/bin/env python3
"""Computes how much so many gateways in front of one object store serve, from what one of them was measured to need.

    swift run -c release audio-client bench upload download --json --gateway-pid PID > figures.json
    Scripts/sizing.py figures.json

The figures are seconds of processor time per gigabyte that the gateway took in and gave out. The rest is arithmetic: no
gateway waits for another, so that many serve as many times what one does, as long as the store keeps up; how much that
has to be is in the table, too.
"""
import argparse
import json
import sys

parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
parser.add_argument("figures", help="what `audio-client bench --json` wrote; - for standard input")
parser.add_argument("--cores", type=int, default=8, help="processors of one gateway (default: 8)")
parser.add_argument("--load", type=float, default=0.5, help="how much of them may be used (default: 0.5)")
parser.add_argument("--bit-rate", type=int, default=256_000, help="bits a second of one stream (default: 256000)")
parser.add_argument("--readers", type=float, default=3, help="readers of each stream (default: 3)")
parser.add_argument("--minutes", type=float, default=5, help="length of a stream (default: 5)")
parser.add_argument("--outage", type=float, default=4, help="hours without the store to be got through (default: 4)")
parser.add_argument("--connections", type=int, default=10_000, help="limits.maxConnections (default: 10000)")
parser.add_argument("--gateways", type=int, nargs="*", default=[1, 2, 10, 100, 1_000, 5_000])
options = parser.parse_args()

with sys.stdin if options.figures == "-" else open(options.figures) as file:
    results = {result["mode"]: result for result in json.load(file)["results"]}
seconds = {}
for mode in ("upload", "download"):
    spread = results.get(mode, {}).get("processorSecondsPerGigabyte")
    if not spread:
        sys.exit(f"sizing: there is no processor time of {mode}; give bench both modes, and --gateway-pid")
    seconds[mode] = spread["median"]

# A stream's bytes come in once, are sent to the store and read back from there once each (counted as downloads, which
# they are for the hot tier), and go out to each reader.
gigabytes = options.bit_rate / 8 / 1e9
per_stream = gigabytes * (seconds["upload"] + seconds["download"] * (2 + options.readers))
by_processor = int(options.cores * options.load / per_stream)
by_connections = int(options.connections / (1 + options.readers))
streams = min(by_processor, by_connections)

print(f"Measured: {seconds['upload']:.3g} s of processor time per GB taken in, {seconds['download']:.3g} per GB given out.")
print(
    f"Streams of {options.bit_rate // 1000} kbit/s and {options.minutes:g} minutes, {options.readers:g} readers each; "
    f"gateways with {options.cores} processors, {options.load:.0%} of them used.\n"
    f"The processors suffice for {by_processor:,} streams, {options.connections:,} connections for {by_connections:,}.\n"
)
print("| Gateways | Live streams | Readers | Into the store, MB/s | Objects a second | Store grows, TB a day |"
      f" Hot tier of each for {options.outage:g} h without the store, GB |")
print("|---|---|---|---|---|---|---|")
for count in options.gateways:
    live = streams * count
    rate = live * options.bit_rate / 8
    print(
        f"| {count:,} | {live:,} | {int(live * options.readers):,} | {rate / 1e6:,.0f} "
        f"| {live / (options.minutes * 60):,.1f} | {rate * 86_400 / 1e12:,.1f} "
        f"| {streams * options.bit_rate / 8 * options.outage * 3_600 / 1e9:,.0f} |"
    )
