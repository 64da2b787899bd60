#!/usr/bin/env python3
"""Turns what Scripts/bench.sh has measured into a table (report.md), numbers (report.json) and plots (*.svg)."""

import collections
import json
import os
import platform
import statistics
import sys
from xml.sax.saxutils import escape

COLOURS = ["#0b6e99", "#5fb3ce", "#2e7d32", "#8bc34a", "#6a3d9a", "#b39ddb", "#d9480f", "#868e96"]


# Not a server, but what receiving and writing cost at least.
FLOOR = "recv, XOR, pwrite"


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def spread(values):
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values), "runs": len(values)}


def gather(transfers):
    """Runs of one server, mode and number of connections become one entry with medians and spread."""
    groups = collections.defaultdict(list)
    for run in transfers:
        groups[(run["mode"], run["connections"], run["server"])].append(run)
    entries = []
    for (mode, connections, server), runs in groups.items():
        entry = {
            "server": server,
            "mode": mode,
            "connections": connections,
            "streamBytes": runs[0]["streamBytes"],
            "chunkBytes": runs[0]["chunkBytes"],
            "gigabytesPerSecond": spread([run["gigabytesPerSecond"] for run in runs]),
            "cpuSecondsPerGigabyte": spread([run["cpuSecondsPerGigabyte"] for run in runs]),
            "clientCPUSecondsPerGigabyte": spread([run["clientCPUSecondsPerGigabyte"] for run in runs]),
            "anonymousBytesBefore": min(run["anonymousBytesBefore"] for run in runs),
            "anonymousBytesPeak": max(run["anonymousBytesPeak"] for run in runs),
        }
        for name in ("startMicroseconds", "stopMicroseconds", "getMicroseconds"):
            times = [run[name] for run in runs if name in run]
            if times:
                entry[name] = {key: statistics.median([time[key] for time in times]) for key in times[0]}
        entries.append(entry)
    return entries


def number(value, digits=2):
    return f"{value:.{digits}f}"


def middle(entry, key, digits=2):
    values = entry[key]
    text = number(values["median"], digits)
    if values["runs"] > 1:
        text += f" ({number(values['minimum'], digits)}–{number(values['maximum'], digits)})"
    return text


def megabytes(value):
    return f"{value / 1e6:.0f} MB" if value >= 10e6 else f"{value / 1e6:.1f} MB"


def ratio(entry, peers, peer, key, inverse=False):
    other = peers.get((entry["mode"], entry["connections"], peer))
    if other is None or other is entry:
        return "–"
    ours, theirs = entry[key]["median"], other[key]["median"]
    if inverse:
        ours, theirs = theirs, ours
    return f"{ours / theirs:.2f}×" if theirs > 0 else "–"


def transfer_table(entries, mode, servers):
    peers = {(entry["mode"], entry["connections"], entry["server"]): entry for entry in entries}
    names = [name for name in ("websocketpp", "nginx", FLOOR) if name in servers and (name != FLOOR or mode == "upload")]
    head = ["connections", "server", "GB/s", "CPU s/GB", "client CPU s/GB", "anonymous memory, before and most"]
    for name in names:
        head += [f"speed / {name}", f"{name}'s cost / ours"]
    rows = [head, ["--:", "---", "--:", "--:", "--:", "--:"] + ["--:"] * (2 * len(names))]
    for connections in sorted({entry["connections"] for entry in entries if entry["mode"] == mode}):
        for server in servers:
            entry = peers.get((mode, connections, server))
            if entry is None:
                continue
            row = [
                str(connections),
                server,
                middle(entry, "gigabytesPerSecond"),
                middle(entry, "cpuSecondsPerGigabyte"),
                number(entry["clientCPUSecondsPerGigabyte"]["median"]),
                f"{megabytes(entry['anonymousBytesBefore'])}, {megabytes(entry['anonymousBytesPeak'])}",
            ]
            for name in names:
                row += [
                    ratio(entry, peers, name, "gigabytesPerSecond"),
                    ratio(entry, peers, name, "cpuSecondsPerGigabyte", inverse=True),
                ]
            rows.append(row)
    return ["| " + " | ".join(row) + " |" for row in rows]


def get_table(entries, servers):
    rows = ["| server | p50 µs | p99 µs | p99.9 µs | CPU s/GB |", "|---|--:|--:|--:|--:|"]
    for server in servers:
        for entry in entries:
            if entry["mode"] == "get" and entry["server"] == server and "getMicroseconds" in entry:
                time = entry["getMicroseconds"]
                rows.append(
                    f"| {server} | {time['p50']:.0f} | {time['p99']:.0f} | {time['p999']:.0f} "
                    f"| {middle(entry, 'cpuSecondsPerGigabyte')} |"
                )
    return rows


def live_table(runs):
    """Live streams: the middle of the runs, and the least and the most."""
    groups = collections.defaultdict(list)
    for run in runs:
        groups[(run["streams"], run["readers"], run["server"])].append(run)
    rows = [
        "| streams | readers each | server | p50 ms | p99 ms | p99.9 ms | sent late, p99 ms | CPU µs a packet | client's "
        "| anonymous memory, most, and for each stream |",
        "|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|",
    ]

    def milliseconds(key, name):
        return middle({"value": spread([run[key][name] / 1000 for run in group])}, "value", 1)

    for (streams, readers, server), group in sorted(groups.items(), key=lambda entry: (-entry[0][1], entry[0][0])):
        per_packet = {
            key: statistics.median([run[key] / run["packets"] * 1e6 for run in group])
            for key in ("cpuSeconds", "clientCPUSeconds")
        }
        most = max(run["anonymousBytesPeak"] for run in group)
        each = max(run["anonymousBytesPeak"] - run["anonymousBytesBefore"] for run in group) / streams
        rows.append(
            f"| {streams} | {readers} | {server} | {milliseconds('arrivalMicroseconds', 'p50')} "
            f"| {milliseconds('arrivalMicroseconds', 'p99')} | {milliseconds('arrivalMicroseconds', 'p999')} "
            f"| {milliseconds('lateMicroseconds', 'p99')} | {per_packet['cpuSeconds']:.1f} "
            f"| {per_packet['clientCPUSeconds']:.1f} | {megabytes(most)}, {each / 1024:.1f} KiB |"
        )
    return rows


def observation_rows(observations):
    """What audio-client has observed: START and STOP, idle connections."""
    rows = []
    for observation in observations:
        for result in observation["report"]["results"]:
            server, mode, connections = observation["server"], result["mode"], result["connections"]
            before, most = result.get("anonymousBytesBefore"), result.get("anonymousBytesAtMost")
            memory = ""
            if before is not None and most is not None:
                memory = f"{megabytes(most)}, {max(0, most - before) / connections / 1024:.1f} KiB each"
            for name, time in sorted(result["latencyMicroseconds"].items()):
                label = {
                    "upload": f"{name.upper()} of an empty stream",
                    "idle": f"{connections} idle connections: {name}",
                }.get(mode, name)
                rows.append(
                    f"| {label} | {server} | {time['p50']:.0f} | {time['p99']:.0f} | {time['p999']:.0f} "
                    f"| {time['count']} | {memory} |"
                )
    return rows


def svg_lines(path, title, unit, series, ticks, over="connections"):
    """A plot: one line a server over numbers, which stand at equal distances."""
    width, height, left, right, top, bottom = 760, 360, 60, 190, 40, 40
    most = max((value for _, points in series for value in points.values()), default=1) * 1.08
    step = 10 ** len(str(int(most))) / 10 if most >= 1 else 0.1
    while most / step > 6:
        step *= 2
    while most / step < 3:
        step /= 2

    def x(index):
        return left + (width - left - right) * (index / max(1, len(ticks) - 1) if len(ticks) > 1 else 0.5)

    def y(value):
        return height - bottom - (height - top - bottom) * value / most

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="22" font-size="15">{escape(title)}</text>',
    ]
    value = 0.0
    while value <= most:
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
        value = round(value + step, 6)
    parts.append(f'<text x="{left - 44}" y="{top - 6}" fill="#555">{escape(unit)}</text>')
    for index, tick in enumerate(ticks):
        parts.append(f'<text x="{x(index):.1f}" y="{height - 18}" text-anchor="middle">{tick:,}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 4}" text-anchor="middle" fill="#555">{over}</text>')
    for place, (name, points) in enumerate(series):
        colour = COLOURS[place % len(COLOURS)]
        there = [(x(index), y(points[tick])) for index, tick in enumerate(ticks) if tick in points]
        path_points = " ".join(f"{px:.1f},{py:.1f}" for px, py in there)
        parts.append(f'<polyline points="{path_points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in there]
        parts.append(f'<rect x="{width - right + 20}" y="{top + 20 * place}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{width - right + 38}" y="{top + 20 * place + 10}">{escape(name)}</text>')
    parts.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")


def plots(folder, entries, servers):
    names = []
    for mode in ("upload", "download"):
        ticks = sorted({entry["connections"] for entry in entries if entry["mode"] == mode})
        for key, unit, what in (
            ("gigabytesPerSecond", "GB/s", "speed"),
            ("cpuSecondsPerGigabyte", "CPU s/GB", "cost"),
        ):
            series = []
            for server in servers:
                points = {
                    entry["connections"]: entry[key]["median"]
                    for entry in entries
                    if entry["mode"] == mode and entry["server"] == server
                }
                if points:
                    series.append((server, points))
            if series:
                name = f"{mode}-{what}.svg"
                svg_lines(os.path.join(folder, name), f"{mode}: {what}", unit, series, ticks)
                names.append(name)
    return names


def stream_table(measured):
    """What grows with the streams that are kept: milliseconds."""
    rows = [
        "| backend | streams | listening | ready | START p50, p99 | first page p50, most | GET p50, most | memory |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in measured:
        start, page, get = one["startMilliseconds"], one["listMilliseconds"], one["getMilliseconds"]
        rows.append(
            f"| {one['backend']} | {one['streams']:,} | {one['listeningMilliseconds']} | {one['readyMilliseconds']} "
            f"| {start['p50']:.2f}, {start['p99']:.2f} | {page['p50']:.1f}, {page['most']:.1f} "
            f"| {get['p50']:.1f}, {get['most']:.1f} | {megabytes(one['anonymousBytes'])} |"
        )
    return rows


def stream_plots(folder, measured):
    names = []
    ticks = sorted({one["streams"] for one in measured})
    for name, title, value in (
        ("streams-start.svg", "START, p99, by streams kept", lambda one: one["startMilliseconds"]["p99"]),
        ("streams-list.svg", "first page of a listing, p50, by streams kept", lambda one: one["listMilliseconds"]["p50"]),
        ("streams-listening.svg", "from start to listening, by streams kept", lambda one: one["listeningMilliseconds"]),
    ):
        series = []
        for backend in dict.fromkeys(one["backend"] for one in measured):
            series.append((backend, {one["streams"]: value(one) for one in measured if one["backend"] == backend}))
        svg_lines(os.path.join(folder, name), title, "ms", series, ticks, over="streams kept")
        names.append(name)
    return names


def machine():
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    return {"processor": model, "processors": os.cpu_count(), "kernel": f"{platform.system()} {platform.release()}"}


def main():
    folder = sys.argv[1]
    entries = gather(lines(os.path.join(folder, "transfers.jsonl")))
    observations = lines(os.path.join(folder, "observations.jsonl"))
    streams = lines(os.path.join(folder, "streams.jsonl"))
    live = lines(os.path.join(folder, "live.jsonl"))
    if not entries and not observations and not streams and not live:
        sys.exit(f"bench-report.py: nothing was measured in {folder}")
    servers = list(dict.fromkeys(entry["server"] for entry in entries))
    names = plots(folder, entries, servers)
    about = machine()
    text = [
        "# What Scripts/bench.sh measured",
        "",
        f"{about['processors']} processors ({about['processor']}), {about['kernel']}. Servers and load share them.",
    ]
    if entries:
        text += [
            "",
            "Medians, with the least and the most of the runs in parentheses. A GB is 10^9 bytes. Uploads are timed from",
            "START to STOPPED; removing what was uploaded is not. Downloads keep 32 GETs of 64 KiB under way.",
        ]
    for mode, title in (("upload", "Uploads"), ("download", "Pipelined downloads"), ("whole", "Whole files")):
        if any(entry["mode"] == mode for entry in entries):
            text += ["", f"## {title}", ""] + transfer_table(entries, mode, servers)
    if any(entry["mode"] == "get" for entry in entries):
        text += ["", "## One GET of 64 KiB at a time", ""] + get_table(entries, servers)
    if live:
        text += [
            "",
            "## Live streams",
            "",
            "Each stream gets a packet of 640 bytes every 20 ms. What counts is from a packet's being sent to its having come",
            "to the reader.",
            "",
        ] + live_table(live)
    rows = observation_rows(observations)
    if rows:
        text += [
            "",
            "## Latency, and what connections cost",
            "",
            "| what | server | p50 µs | p99 µs | p99.9 µs | count | anonymous memory |",
            "|---|---|--:|--:|--:|--:|--:|",
        ] + rows
    if streams:
        text += ["", "## What keeping many streams costs, in milliseconds", ""] + stream_table(streams)
        names += stream_plots(folder, streams)
    text += [""] + [f"![{name}]({name})" for name in names]
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    with open(os.path.join(folder, "report.json"), "w", encoding="utf-8") as file:
        json.dump({"machine": about, "transfers": entries, "live": live, "observations": observations, "streams": streams}, file, indent=1)
    print("\n".join(line for line in text if not line.startswith("![")))


main()
