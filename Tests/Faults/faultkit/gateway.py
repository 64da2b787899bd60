"""A gateway process: started on a configuration, watched through its log, and ended in whatever way."""

import asyncio
import json
import os
import re
import signal
import subprocess
import time


class GatewayFailure(Exception):
    """The gateway did not do what it is to do; the end of its log says more."""


class Gateway:
    """A gateway over one configuration. It can be started and ended again and again; its log goes on."""

    def __init__(self, executable, directory, backend, wrapper=(), environment=None, **limits):
        """`backend` is the configuration's backend; `wrapper` a command that runs the gateway, such as prlimit."""
        self.executable = executable
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.config = os.path.join(directory, "gateway.json")
        self.log_path = os.path.join(directory, "gateway.log")
        self.wrapper = list(wrapper)
        self.environment = environment or {}
        self.process = None
        self.port = None
        self.mark = 0
        document = {"listen": {"port": 0}, "greeting": "off", "limits": limits, "backend": backend}
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)

    def spawn(self, stderr=None):
        """Starts the process, and waits for nothing."""
        self.mark = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        environment = dict(os.environ, SWIFT_BACKTRACE="enable=no", **self.environment)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, self.executable, "--config", self.config],
                stderr=log if stderr is None else stderr,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
            )

    async def start(self, patience=60):
        """Starts the process and waits until it listens."""
        self.spawn()
        await self.listening(patience)

    async def listening(self, patience=60):
        """Waits until the process listens, and learns the port."""
        line = await self.line(r"url=ws://[^ ]*:(\d+)/.*listening", patience)
        self.port = int(re.search(r"url=ws://[^ ]*:(\d+)/", line).group(1))

    async def recovered(self, patience=60):
        """Waits until the directory has been looked through."""
        await self.line(r"directory looked through", patience)

    async def line(self, pattern, patience=60):
        """Waits for a line of this start's log that matches."""
        deadline = time.monotonic() + patience
        while True:
            ended = self.process.poll() is not None
            for line in self.log().splitlines():
                if re.search(pattern, line):
                    return line
            if ended:
                raise GatewayFailure(f"the gateway ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            if time.monotonic() > deadline:
                raise GatewayFailure(f"no line matches {pattern!r}:\n{self.log()[-4000:]}")
            await asyncio.sleep(0.005)

    def log(self):
        """What this start has logged."""
        with open(self.log_path, "rb") as file:
            file.seek(self.mark)
            return file.read().decode(errors="replace")

    @property
    def pid(self):
        """The gateway's own process id, whatever wraps it."""
        if not self.wrapper:
            return self.process.pid
        pending = [self.process.pid]
        name = os.path.basename(self.executable)
        while pending:
            pid = pending.pop()
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                    if file.read().strip() == name:
                        return pid
                with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
                    pending += [int(child) for child in file.read().split()]
            except OSError:
                continue
        raise GatewayFailure("the gateway's process is not to be found")

    @property
    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9, and nothing of the process is left when this returns."""
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except (GatewayFailure, ProcessLookupError):
                self.process.kill()
        self.process.wait()

    async def stop(self, patience=30, number=signal.SIGTERM):
        """Asks the gateway to stop; its exit status."""
        os.kill(self.pid, number)
        return await self.ended(patience)

    async def ended(self, patience=30):
        """Waits for the process's end; its exit status."""
        deadline = time.monotonic() + patience
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise GatewayFailure(f"the gateway does not end:\n{self.log()[-4000:]}")
            await asyncio.sleep(0.01)
        return self.process.returncode
