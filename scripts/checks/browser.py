# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Chromium without a window, by its DevTools protocol over a pipe."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATHS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60  # for one answer


class Browser:
    """Starts Chromium; `with` ends it."""

    def __enter__(self):
        program = next((p for p in map(shutil.which, PATHS) if p), None)
        if not program:
            raise SystemExit("check-report: there is no chromium; 'scripts/deps report' gets it")
        self.profile = tempfile.TemporaryDirectory(prefix="iommux-report-")
        theirs_in, self.to = os.pipe()
        self.out, theirs_out = os.pipe()

        def ends():
            # Beyond 3 and 4 first, so that neither overwrites the other.
            a, b = os.dup2(theirs_in, 23), os.dup2(theirs_out, 24)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--hide-scrollbars", "--disable-dev-shm-usage", "--mute-audio",
             "--user-data-dir=" + self.profile.name, "about:blank"],
            preexec_fn=ends, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.text = b""
        self.number = 0
        self.events = []
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"],
                                flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.profile.cleanup()

    def read(self, until):
        while b"\0" not in self.text:
            ready, _, _ = select.select([self.out], [], [], max(0, until - time.monotonic()))
            more = os.read(self.out, 1 << 20) if ready else b""
            if not more:
                raise SystemExit("check-report: chromium does not answer")
            self.text += more
        message, self.text = self.text.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **params):
        """One command; its result.  Events on the way are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + SECONDS
        while True:
            answer = self.read(until)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"check-report: {method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def call(self, method, **params):
        return self.ask(method, self.session, **params)

    def run(self, script):
        """The value of an expression in the page."""
        got = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                        awaitPromise=True)
        if "exceptionDetails" in got:
            raise SystemExit(f"check-report: {script}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def open(self, path, width, height, dark=False, scripts=True):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url="file://" + str(path))
        until = time.monotonic() + SECONDS
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.read(until))
        self.events = [e for e in self.events if e.get("method") != "Page.loadEventFired"]

    def key(self, name, code=0, text=None):
        more = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      windowsVirtualKeyCode=code, **(more if kind == "keyDown" else {}))

    def click(self, script):
        """Clicks the middle of the element that the expression finds, as a mouse would."""
        x, y = self.run(f"""(() => {{ const e = {script}; e.scrollIntoView({{ block: "center" }});
            const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def shot(self, path, whole=True):
        got = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                        **({"clip": {"x": 0, "y": 0, "scale": 1, **self.size()}} if whole else {}))
        path.write_bytes(base64.b64decode(got["data"]))

    def size(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"width": size["width"], "height": size["height"]}
