"""Reads the Autobahn testsuite's reports strictly, and prints a table of each part. Python 2.7 and 3.

    conformance-report.py [--quick] DIRECTORY

Exit status: 0 no violation, 1 violations or missing reports.
"""

from __future__ import print_function

import collections
import io
import json
import os
import sys

GROUPS = collections.OrderedDict(
    [
        (1, "framing"),
        (2, "pings and pongs"),
        (3, "reserved bits"),
        (4, "opcodes"),
        (5, "fragmentation"),
        (6, "UTF-8"),
        (7, "closing"),
        (9, "limits"),
        (10, "auto-fragmentation"),
        (12, "compression"),
        (13, "compression options"),
    ]
)

# How many cases each group has: a run that lost some is no success.
ALL = {1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1, 12: 90, 13: 126}
QUICK = dict((group, count) for group, count in ALL.items() if group not in (9, 12, 13))
GATEWAY = {2: 11, 3: 4, 4: 4, 5: 11, 6: 75, 7: 35}

PARTS = [
    ("server", "The fuzzing client against an echo server over the gateway's framing"),
    ("client", "The fuzzing server against the client's WebSocket layer"),
    ("gateway", "The fuzzing client against the gateway: the cases that ask for no echo"),
]

# Not offered, on purpose.
UNIMPLEMENTED = (12, 13)
# The testsuite gives no verdict on these, whatever the peer does.
INFORMATIONAL = ("7.1.6", "7.13.1", "7.13.2")

COLUMNS = ("OK", "INFORMATIONAL", "UNIMPLEMENTED", "violation")


def numbers(case):
    return [int(part) for part in case.split(".")]


def judge(case, result):
    """Which column a case counts in."""
    verdict = (result["behavior"], result["behaviorClose"])
    if numbers(case)[0] in UNIMPLEMENTED:
        return "UNIMPLEMENTED" if verdict == ("UNIMPLEMENTED", "OK") else "violation"
    if verdict == ("OK", "OK"):
        return "OK"
    if case in INFORMATIONAL and verdict == ("INFORMATIONAL", "INFORMATIONAL"):
        return "INFORMATIONAL"
    return "violation"


def load(directory, part):
    """The results of a part by case; none where there is no report."""
    path = os.path.join(directory, part, "index.json")
    if not os.path.exists(path):
        return {}
    with io.open(path, encoding="utf-8") as file:
        return json.load(file).get(part, {})


def show(title, results, expected):
    """Prints a part's table and returns its counts."""
    table = collections.defaultdict(collections.Counter)
    violations = []
    for case in sorted(results, key=numbers):
        column = judge(case, results[case])
        table[numbers(case)[0]][column] += 1
        if column == "violation":
            result = results[case]
            violations.append(
                "%s: %s, close %s (code %s)"
                % (case, result["behavior"], result["behaviorClose"], result["remoteCloseCode"])
            )
    total = collections.Counter()
    row = "%-26s %6s %6s %14s %14s %10s"
    print()
    print(title)
    print(row % ("group", "cases", "OK", "informational", "unimplemented", "violations"))
    for group, name in GROUPS.items():
        if group not in expected and group not in table:
            continue
        counts = table[group]
        ran = sum(counts.values())
        if ran != expected.get(group, 0):
            violations.append("group %d: %d cases ran, not %d" % (group, ran, expected.get(group, 0)))
            counts["violation"] += 1
        print(row % (("%d %s" % (group, name), ran) + tuple(counts[column] for column in COLUMNS)))
        total["cases"] += ran
        total.update(counts)
    print(row % (("all", total["cases"]) + tuple(total[column] for column in COLUMNS)))
    for violation in violations:
        print("    " + violation)
    return total


def main(arguments):
    quick = "--quick" in arguments
    directories = [argument for argument in arguments if argument != "--quick"]
    if len(directories) != 1:
        print(__doc__, file=sys.stderr)
        return 64
    total = collections.Counter()
    for part, title in PARTS:
        expected = GATEWAY if part == "gateway" else QUICK if quick else ALL
        total.update(show(title, load(directories[0], part), expected))
    print()
    print(
        "conformance: %d cases, %d OK, %d informational, %d unimplemented on purpose, %d violations"
        % ((total["cases"],) + tuple(total[column] for column in COLUMNS))
    )
    return 1 if total["violation"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
