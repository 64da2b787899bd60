"""Checks the dashboard in a real browser against a real gateway: see Scripts/dashboard-check.sh.

check.py --gateway EXECUTABLE --chromium EXECUTABLE --samples DIRECTORY --output DIRECTORY [--quick] [--picture FILE]
         [NAME...]
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from urllib.parse import urlsplit

import accessibility
import journeys
import pictures
import safety
import values
from browser import Browser, Failure
from gateway import Gateway


class Bench:
    """What a check works with: a gateway, a browser, and pages that are looked over when it is done."""

    def __init__(self, arguments, directory):
        self.samples = arguments.samples
        self.output = arguments.output
        self.picture_path = arguments.picture
        self._directory = directory
        self._executable = arguments.gateway
        self.gateway = Gateway(arguments.gateway, os.path.join(directory, "gateway"))
        self.browser = Browser(
            arguments.chromium,
            self.make_directory("chromium"),
            ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
        )
        self._pages = []
        self._others = []

    def make_directory(self, name):
        path = os.path.join(self._directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def file(self, name):
        return os.path.join(self.make_directory("files"), name)

    def other_gateway(self, name, **configuration):
        """One more gateway, which ends with the check."""
        gateway = Gateway(self._executable, os.path.join(self._directory, name), **configuration)
        self._others.append(gateway)
        return gateway

    def page(self, url=None, **options):
        page = self.browser.page(url or self.gateway.url, **options)
        self._pages.append(page)
        return page

    def picture(self, page, name, **options):
        page.screenshot(os.path.join(self.output, f"{name}.png"), **options)

    def look_over(self, promise):
        """Whether the pages were content, and asked nobody else."""
        try:
            for page in self._pages:
                if page.errors:
                    raise Failure(f"the console says: {page.errors}")
                for url in page.requests:
                    if urlsplit(url).hostname != "127.0.0.1" and not url.startswith(("blob:", "data:", "about:")):
                        raise Failure(f"{url} was asked for")
        finally:
            self.leave()

    def leave(self):
        for page in self._pages:
            page.close()
        for gateway in self._others:
            gateway.stop()
        self._pages, self._others = [], []

    def close(self):
        self.browser.close()
        self.gateway.stop()


def check_values(bench):
    """the parts of the page that are values do what they promise"""
    return values.check(bench.page())


# What takes ten seconds or more, most of them listened to.
SLOW = [journeys.draws_long_streams, journeys.follows_files_as_they_come, pictures.looks_good]


def main():
    parser = argparse.ArgumentParser()
    for name in ("gateway", "chromium", "samples", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--picture")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    checks = [check_values, *journeys.JOURNEYS, *safety.JOURNEYS, *accessibility.JOURNEYS, *pictures.JOURNEYS]
    if arguments.quick:
        checks = [check for check in checks if check not in SLOW]
    if arguments.names:
        checks = [check for check in checks if check.__name__ in arguments.names]
    directory = tempfile.mkdtemp(prefix="dashboard-check.")
    failures = 0
    bench = None
    try:
        bench = Bench(arguments, directory)
        for check in checks:
            start = time.monotonic()
            try:
                note = check(bench)
                bench.look_over(check.__name__)
                print(
                    f"ok      {time.monotonic() - start:5.1f} s  {check.__doc__}" + (f" ({note})" if note else ""),
                    flush=True,
                )
            except Exception as error:
                # Whatever it is, the other checks are still worth their time.
                failures += 1
                print(f"FAILED  {time.monotonic() - start:5.1f} s  {check.__doc__}\n        {error}", flush=True)
                if not isinstance(error, Failure):
                    traceback.print_exc()
                for index, page in enumerate(bench._pages):
                    try:
                        page.screenshot(os.path.join(arguments.output, f"failed-{check.__name__}-{index}.png"))
                        print(f"        page {index}: console: {page.errors}", flush=True)
                    except Failure:
                        pass
                bench.leave()
    finally:
        if bench is not None:
            bench.close()
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{len(checks) - failures} of {len(checks)} hold; pictures are in {arguments.output}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
