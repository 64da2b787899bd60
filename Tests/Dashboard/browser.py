"""A headless Chromium, driven by its own DevTools protocol over a pipe: nothing but Python's standard library is needed.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import queue
import shlex
import subprocess
import threading
import time

PATIENCE = 60.0
"""How long anything is waited for, in seconds. The machine may be busy; what takes so long has failed."""


class Failure(Exception):
    """What was promised does not hold."""


class Browser:
    """A Chromium process with a profile of its own, which goes with `directory`."""

    def __init__(self, executable, directory, arguments=()):
        to_browser, self._input = os.pipe()
        self._output, from_browser = os.pipe()
        command = [
            executable,
            "--headless=new",
            "--remote-debugging-pipe",
            f"--user-data-dir={directory}",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-default-apps",
            "--disable-extensions",
            "--mute-audio",
            "--hide-scrollbars",
            "--autoplay-policy=no-user-gesture-required",
            "--disable-dev-shm-usage",
            *arguments,
        ]
        if os.geteuid() == 0:
            # Chromium's sandbox refuses to be set up by root, which CI machines are.
            command.append("--no-sandbox")
        # The protocol is spoken on descriptors 3 and 4.
        script = f"exec {shlex.join(command)} 3<&{to_browser} 4>&{from_browser}"
        self._log = open(os.path.join(directory, "chromium.log"), "wb")
        self._process = subprocess.Popen(
            ["bash", "-c", script],
            pass_fds=(to_browser, from_browser),
            stdout=self._log,
            stderr=self._log,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._lock = threading.Lock()
        self._last = 0
        self._answers = {}
        self._pages = {}
        threading.Thread(target=self._read, daemon=True).start()

    def command(self, method, session=None, **parameters):
        """Sends a command and waits for its answer."""
        answers = queue.Queue()
        with self._lock:
            self._last += 1
            message = {"id": self._last, "method": method, "params": parameters}
            if session is not None:
                message["sessionId"] = session
            self._answers[self._last] = answers
            os.write(self._input, json.dumps(message).encode() + b"\0")
        try:
            answer = answers.get(timeout=PATIENCE)
        except queue.Empty:
            raise Failure(f"Chromium does not answer {method}") from None
        if "error" in answer:
            raise Failure(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def page(self, url, width=1440, height=900, is_dark=False, is_phone=False):
        """Opens a page in a context of its own, with everything about it recorded from the beginning."""
        context = self.command("Target.createBrowserContext")["browserContextId"]
        target = self.command("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, context)
        self._pages[session] = page
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            page.command(f"{domain}.enable")
        page.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if is_phone else 1,
            mobile=is_phone,
        )
        page.scheme(is_dark)
        page.go(url)
        return page

    def close(self):
        """Ends the browser."""
        try:
            self.command("Browser.close")
            self._process.wait(10)
        except (Failure, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _read(self):
        rest = b""
        while data := os.read(self._output, 1 << 20):
            *messages, rest = (rest + data).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self._answers.pop(message["id"]).put(message)
                elif page := self._pages.get(message.get("sessionId")):
                    page.take(message["method"], message["params"])


class Page:
    """One tab."""

    def __init__(self, browser, session, context):
        self._browser = browser
        self._session = session
        self._context = context
        self.errors = []
        """What the console calls an error: exceptions, and what the browser itself complains of."""
        self.requests = []
        """The URLs of everything that was asked for, WebSockets included."""

    def command(self, method, **parameters):
        return self._browser.command(method, session=self._session, **parameters)

    def take(self, method, event):
        """An event of the protocol."""
        if method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in event["args"]))
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("error", "warning"):
            entry = event["entry"]
            self.errors.append(f"{entry['text']} ({entry.get('url', '')})")
        elif method == "Network.requestWillBeSent":
            self.requests.append(event["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(event["url"])

    def go(self, url):
        self.command("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'", f"{url} is loaded")

    def scheme(self, is_dark):
        """Light or dark, as the system would have it."""
        self.command(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )

    def evaluate(self, expression):
        """The value of a JavaScript expression; promises are awaited."""
        answer = self.command(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(f"{details.get('exception', {}).get('description', details['text'])} in {expression}")
        return answer["result"].get("value")

    def wait(self, expression, what, patience=PATIENCE):
        """Waits until an expression is true, and answers with its value."""
        deadline = time.monotonic() + patience
        while True:
            try:
                value = self.evaluate(expression)
            except Failure as failure:
                # The page may be between two documents.
                value, problem = None, failure
            else:
                problem = None
            if value:
                return value
            if time.monotonic() > deadline:
                raise Failure(f"not so after {patience:.0f} s: {what}" + (f" ({problem})" if problem else ""))
            time.sleep(0.05)

    def click(self, selector):
        """Clicks in the middle of an element, as a mouse does: what lies over it gets the click."""
        box = self.wait(
            f"""(() => {{
                const node = document.querySelector({json.dumps(selector)});
                if (node === null || node.disabled) return null;
                node.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = node.getBoundingClientRect();
                return box.width > 0 ? [box.x + box.width / 2, box.y + box.height / 2] : null;
            }})()""",
            f"there is {selector} to click",
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def key(self, name, code=None, text=None, modifiers=0):
        """Presses and releases a key, by its DOM name."""
        codes = {
            "Tab": 9,
            "Enter": 13,
            "Escape": 27,
            " ": 32,
            "ArrowUp": 38,
            "ArrowDown": 40,
            "ArrowRight": 39,
            "ArrowLeft": 37,
            "Delete": 46,
            "/": 191,
        }
        text = {"Enter": "\r", " ": " ", "/": "/"}.get(name, text)
        event = {"key": name, "code": code or name, "windowsVirtualKeyCode": codes.get(name, 0), "modifiers": modifiers}
        self.command(
            "Input.dispatchKeyEvent",
            type="keyDown" if text else "rawKeyDown",
            **({"text": text} if text else {}),
            **event,
        )
        self.command("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text):
        self.command("Input.insertText", text=text)

    def choose_files(self, selector, *paths):
        """Puts files into a file input, as its dialog does."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", nodeId=node, files=[os.path.abspath(path) for path in paths])

    def drop_files(self, x, y, *paths):
        """Drops files from outside of the browser."""
        data = {"items": [], "files": [os.path.abspath(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.command("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def screenshot(self, path, is_whole=False, **options):
        """Writes a picture: PNG, or what `format` says."""
        picture = self.command("Page.captureScreenshot", captureBeyondViewport=is_whole, **options)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def close(self):
        self._browser.command("Target.disposeBrowserContext", browserContextId=self._context)
