"""A real gateway, as its own process over a directory of its own."""

import json
import os
import re
import signal
import subprocess
import time

from browser import PATIENCE, Failure


class Gateway:
    """Runs `executable` on a port that stays the same when it is started again."""

    def __init__(self, executable, directory, **configuration):
        self._executable = executable
        self._configuration = configuration
        self._directory = directory
        self._process = None
        self.port = 0
        os.makedirs(directory, exist_ok=True)
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def start(self):
        """Starts it, and waits until it listens."""
        configuration = {
            "listen": {"host": "127.0.0.1", "port": self.port, "path": "/audio"},
            "backend": {"type": "mmap", "directory": os.path.join(self._directory, "cache")},
            **self._configuration,
        }
        path = os.path.join(self._directory, "gateway.json")
        with open(path, "w") as file:
            json.dump(configuration, file)
        log = os.path.join(self._directory, "gateway.log")
        with open(log, "w") as file:
            self._process = subprocess.Popen([self._executable, "--config", path], stdout=file, stderr=file)
        deadline = time.monotonic() + PATIENCE
        while True:
            with open(log) as file:
                text = file.read()
            if found := re.search(r"url=ws://[^ ]*:(\d+)/.*listening", text):
                self.port = int(found[1])
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"the gateway does not listen: {text}")
            time.sleep(0.02)

    def send_signal(self, number):
        self._process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Ends it, and waits for that."""
        if self._process.poll() is None:
            self._process.send_signal(number)
            # One that is stopped takes no signal but this.
            self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise Failure("the gateway did not end") from None
