#!/usr/bin/env python3
"""Writes the manual page of a command, in mdoc(7), from what it says of itself.

    man-page.py COMMAND [DATE] >command.1

COMMAND is an executable that is made with Swift's argument parser, which describes itself with
--experimental-dump-help. DATE is that of the page, such as "November 25, 2026"; today's unless told.
"""

import datetime
import json
import re
import subprocess
import sys


def escaped(text):
    """Text that mdoc takes for nothing but text."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def paragraphs(text):
    """The lines of a text with a paragraph for each empty one."""
    lines = []
    # A sentence a line, as mdoc wants it.
    for line in re.sub(r"(?<=[a-z0-9)\"'])([.:?]) (?=[A-Z])", r"\1\n", text or "").splitlines():
        lines.append(escaped(line.strip()) if line.strip() else ".Pp")
    return lines


def flag(name):
    return ("-" if name["kind"] in ("short", "longWithSingleDash") else "--") + name["name"]


def synopsis(command):
    lines = []
    for argument in command.get("arguments", []):
        if not argument["shouldDisplay"]:
            continue
        value = escaped(argument.get("valueName", ""))
        more = " ..." if argument["isRepeating"] else ""
        if argument["kind"] == "positional":
            line = f"Ar {value}{more}"
        elif argument["kind"] == "option":
            line = f"Fl \\&{escaped(flag(argument['preferredName'])[1:])} Ar {value}{more}"
        else:
            line = f"Fl \\&{escaped(flag(argument['preferredName'])[1:])}"
        lines.append((".Op " if argument["isOptional"] else ".") + line)
    if command.get("subcommands"):
        lines.append(".Op Ar subcommand")
    return lines


def arguments(command):
    lines = [".Bl -tag -width indent"]
    for argument in command.get("arguments", []):
        if not argument["shouldDisplay"]:
            continue
        value = escaped(argument.get("valueName", ""))
        if argument["kind"] == "positional":
            lines.append(f".It Ar {value}")
        else:
            names = sorted(argument["names"], key=lambda name: name["kind"] != "short")
            flags = " , ".join(f"Fl \\&{escaped(flag(name)[1:])}" for name in names)
            lines.append(f".It {flags}" + (f" Ar {value}" if argument["kind"] == "option" else ""))
        lines += paragraphs(argument.get("abstract"))
        lines += paragraphs(argument.get("discussion"))
        if argument.get("defaultValue"):
            lines.append(f"The default is {escaped(argument['defaultValue'])}.")
    return lines + [".El"] if len(lines) > 1 else []


def page(command, date):
    name = command["commandName"]
    lines = [f".Dd {date}", f".Dt {name.upper()} 1", ".Os", ".Sh NAME", f".Nm {name}"]
    lines.append(f".Nd {escaped(command.get('abstract', '').rstrip('.'))}")
    lines += [".Sh SYNOPSIS", ".Nm"] + synopsis(command)
    lines += [".Sh DESCRIPTION"] + paragraphs(command.get("discussion")) + arguments(command)
    subcommands = [sub for sub in command.get("subcommands", []) if sub["commandName"] != "help" and sub["shouldDisplay"]]
    if subcommands:
        lines.append(".Sh COMMANDS")
    for sub in subcommands:
        lines += [f".Ss {escaped(sub['commandName'])}", ".Nm", escaped(sub["commandName"])] + synopsis(sub) + [".Pp"]
        lines += paragraphs(sub.get("abstract")) + [".Pp"] + paragraphs(sub.get("discussion")) + arguments(sub)
    # A paragraph before a section, or twice, says nothing.
    text = "\n".join(lines) + "\n"
    text = re.sub(r"(\.Pp\n)+(?=\.Pp|\.Sh|\.Ss|\.Bl)", "", text)
    return text


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    now = datetime.date.today()
    date = sys.argv[2] if len(sys.argv) == 3 else f"{now:%B} {now.day}, {now.year}"
    done = subprocess.run([sys.argv[1], "--experimental-dump-help"], check=True, capture_output=True, text=True)
    description = json.loads(done.stdout)
    if description.get("serializationVersion") != 0:
        sys.exit(f"{sys.argv[1]} describes itself in a way that is not known here")
    sys.stdout.write(page(description["command"], date))


main()
