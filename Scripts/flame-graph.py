#!/usr/bin/env python3
"""Draws a flame graph (SVG) of what `perf script` prints.

    perf record -e cpu-clock -F 999 -g -p PID -- sleep 5
    perf script -F comm,ip,sym,dso | swift demangle --simplified | Scripts/flame-graph.py "An upload" >upload.svg

Frames that took less than a part in 250 are left out, and runs of frames that only call the next one are drawn as one.
Darker are the kernel and the C library.
"""

import collections
import re
import sys
from xml.sax.saxutils import escape

WIDTH, ROW, LEAST = 1100, 15, 1 / 250


class Frame:
    def __init__(self):
        self.count = 0
        self.children = collections.defaultdict(Frame)


def short(name):
    """A name as a person would say it: without generic arguments, parameters and what the compiler added."""
    name = re.sub(r"^(?:(?:generic |function signature |partial apply |merged |closure #\d+ |implicit |specialized|of|in|for|"
                  r"forwarder|specialization|protocol witness|thunk|reabstraction|outlined|default argument \d+) ?)+", "", name)
    name = re.sub(r"<.*>", "", name.split("(")[0]).strip()
    return name or "?"


def read(lines):
    root = Frame()
    thread, stack = None, []

    def end():
        if thread is None or not stack:
            return
        root.count += 1
        frame = root
        for name in [thread] + stack[::-1]:
            frame = frame.children[name]
            frame.count += 1

    for line in lines:
        line = line.rstrip("\n")
        if not line:
            end()
            thread, stack = None, []
        elif not line[0].isspace():
            end()
            thread, stack = line.split()[0], []
            thread = "event loop" if thread.startswith("NIO") else "worker" if thread.startswith("TP") else thread
        else:
            match = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
            if match:
                name = short(match.group(1))
                if not stack or stack[-1] != name:
                    stack.append(name)
    end()
    return root


def draw(root, title):
    least = max(1, root.count * LEAST)
    boxes, deepest = [], 0

    def place(frame, left, depth):
        nonlocal deepest
        for name, child in sorted(frame.children.items(), key=lambda item: -item[1].count):
            if child.count >= least:
                names = [name]
                while len(child.children) == 1 and next(iter(child.children.values())).count == child.count:
                    name, child = next(iter(child.children.items()))
                    names.append(name)
                boxes.append((left, depth, child.count, names))
                deepest = max(deepest, depth)
                place(child, left, depth + 1)
            left += child.count

    place(root, 0, 0)
    height = (deepest + 1) * ROW + 34
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="10">')
    print(f'<rect width="{WIDTH}" height="{height}" fill="white"/><text x="6" y="18" font-size="14">{escape(title)}: '
          f"{root.count} samples</text>")
    for left, depth, count, names in boxes:
        x, width = left * WIDTH / root.count, count * WIDTH / root.count
        y = height - (depth + 1) * ROW - 6
        name = names[-1]
        colour = "#e8a15b" if depth > 0 and re.fullmatch(r"[a-z0-9_.]+", name) else "#f2cf7a"
        text = f"{name} {100 * count / root.count:.1f}%" if width > 90 else name
        shown = escape(text[: int(width / 6.3)]) if width > 22 else ""
        tip = escape(f"{' > '.join(names)}: {100 * count / root.count:.1f}%")
        print(f'<g><title>{tip}</title><rect x="{x:.1f}" y="{y}" width="{max(0.3, width - 0.4):.1f}" height="{ROW - 1}" '
              f'fill="{colour}"/><text x="{x + 2:.1f}" y="{y + 11}">{shown}</text></g>')
    print("</svg>")


draw(read(sys.stdin), sys.argv[1] if len(sys.argv) > 1 else "samples")
