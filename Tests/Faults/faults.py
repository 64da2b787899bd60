#!/usr/bin/env python3
"""Brings the faults of docs/reliability.md about for real, row by row, and looks what comes of each.

Run it by Scripts/faults.sh, which builds and installs what it needs.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
import traceback

import rows  # noqa: F401  Registers every row.
from faultkit.scene import ROWS, Failed, Scene
from faultkit.system import Skip

#: No row takes longer, in seconds.
LIMIT = 900


def matches(function, wanted):
    """Whether a row is meant: by its name, a part of it, or one of its numbers."""
    name, numbers, *_ = function.row
    return any(word in re.split(r"[, ]+", numbers) if word.isdigit() else word in name for word in wanted)


def play(function, backend, options):
    """Plays a row on one backend: "ok", or what was wrong, or why it was left out."""
    name, _, _, _, _, namespace = function.row
    if namespace and not options.inside:
        return in_namespace(name, backend, options)
    scene = None
    keep = False
    try:
        scene = Scene(options, backend)

        async def within():
            async with asyncio.timeout(LIMIT):
                await function(scene)

        asyncio.run(within())
        return "ok"
    except Skip as skip:
        return f"skipped: {skip}"
    except (Failed, Exception) as error:
        keep = True
        if not isinstance(error, Failed):
            traceback.print_exc()
        print(f"  {name} ({backend}): {type(error).__name__}: {error}", file=sys.stderr)
        if scene is not None:
            print(f"  gateways: {scene.how_gateways_are()}; kept: {scene.directory}", file=sys.stderr)
        return "FAILED"
    finally:
        if scene is not None:
            scene.close(keep)


def in_namespace(name, backend, options):
    """Plays a row in a network of its own, where rules of a packet filter hurt nobody."""
    if os.geteuid() != 0:
        return "skipped: it takes root"
    own = [sys.executable, os.path.abspath(__file__), "--inside", "--backend", backend, "--seed", str(options.seed)]
    own += ["--gateway", options.gateway, "--cache-inspect", options.cache_inspect, "--audio-client", options.audio_client]
    script = 'ip link set lo up && exec "$@"'
    result = subprocess.run(["unshare", "-n", "sh", "-c", script, "sh", *own, name], stdout=subprocess.PIPE, text=True)
    for line in result.stdout.splitlines():
        if line.startswith("RESULT "):
            return line.removeprefix("RESULT ")
    return f"skipped: no network namespace ({result.returncode})" if result.returncode == 1 else "FAILED"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="names, parts of names, or numbers; all rows without")
    parser.add_argument("--quick", action="store_true", help="only those rows that take a few seconds")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--backend", help="only on this backend")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--gateway")
    parser.add_argument("--cache-inspect")
    parser.add_argument("--audio-client")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = [function for function in ROWS if not options.rows or matches(function, options.rows)]
    if options.quick and not options.rows:
        chosen = [function for function in chosen if function.row[3]]
    if not chosen:
        parser.error("no row has such a name or number")
    if options.list:
        for function in chosen:
            name, numbers, promise, *_ = function.row
            print(f"{numbers:<8} {name:<36} {promise}")
        return 0
    for tool in ("gateway", "cache_inspect", "audio_client"):
        path = getattr(options, tool)
        if not path or not os.access(path, os.X_OK):
            parser.error(f"--{tool.replace('_', '-')} is to name an executable; Scripts/faults.sh does")
        setattr(options, tool, os.path.abspath(path))
    if options.inside:
        print(f"RESULT {play(chosen[0], options.backend, options)}")
        return 0
    print(f"{'row':<8} {'fault':<36} {'backend':<8} result")
    results = []
    for function in chosen:
        name, numbers, _, _, backends, _ = function.row
        for backend in backends:
            if options.backend and backend != options.backend:
                continue
            began = time.monotonic()
            result = play(function, backend, options)
            results.append(result)
            print(f"{numbers:<8} {name:<36} {backend:<8} {result}  ({time.monotonic() - began:.1f} s)", flush=True)
    bad = sum(1 for result in results if result == "FAILED")
    skipped = sum(1 for result in results if result.startswith("skipped"))
    print(f"{len(results)} played: {len(results) - bad - skipped} ok, {bad} FAILED, {skipped} skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
