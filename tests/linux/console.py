# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""One QEMU from start to end: its console, and what the guest asks of its host meanwhile."""
import json
import os
import re
import selectors
import socket
import subprocess
import threading
import time

from .machines import PLUG

SILENCE = 330  # seconds without a word, after which a guest counts as hung
LONGEST = 1500  # seconds of a whole run
SAID = re.compile(r"@@ (\w+) ?(.*)")

# Set, it ends every run within a second.
STOP = threading.Event()


class Monitor:
    """QEMU's QMP socket.  What goes wrong is raised as OSError."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r")
        self.events = []
        self.lines.readline()
        self.ask("qmp_capabilities")

    def next(self):
        """The next answer or event."""
        line = self.lines.readline()
        if not line:
            raise OSError("QEMU has closed its QMP socket")
        message = json.loads(line)
        if "event" in message:
            self.events.append(message["event"])
        return message

    def ask(self, command, **arguments):
        request = json.dumps({"execute": command, "arguments": arguments})
        self.socket.sendall(request.encode() + b"\n")
        while True:
            answer = self.next()
            if "error" in answer:
                raise OSError(f"QMP {request}: {answer['error']['desc']}")
            if "return" in answer:
                return

    def wait(self, event):
        while event not in self.events:
            self.next()
        self.events.remove(event)


def unplug(monitor):
    monitor.ask("device_del", id="plug")


def plug(monitor):
    # The guest has seen the disk go; for QEMU it is gone a little later.
    monitor.wait("DEVICE_DELETED")
    monitor.ask("device_add", bus="root0", **PLUG)


REQUESTS = {"unplug": unplug, "plug": plug}


class Run:
    """What was said: `said` has (word, rest) of the guest's init, `log` all lines of the console."""

    def __init__(self, words, folder, log):
        self.said, self.log, self.end, self.monitor = [], [], None, None
        self.started = time.monotonic()
        with open(log, "w", encoding="utf-8") as self.file:
            self.file.write(" ".join(f"'{w}'" if " " in w else w for w in words) + "\n")
            self.run(words, folder)
            self.file.write(f"[runner] {self.end}\n")
        self.seconds = time.monotonic() - self.started

    def run(self, words, folder):
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            try:
                self.listen(process, folder)
            finally:
                process.kill()
        if self.end is None:
            done = any(word == "end" for word, _ in self.said)
            self.end = "the guest ended" if done else \
                f"QEMU ended with status {process.returncode} before the guest had come to its end"

    def listen(self, process, folder):
        os.set_blocking(process.stdout.fileno(), False)
        rest, heard = b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if STOP.is_set():
                    self.end = "stopped by who called"
                    return
                if now - heard > SILENCE or now - self.started > LONGEST:
                    self.end = f"the guest hung: stopped after {now - self.started:.0f} s"
                    return
                if not selector.select(1):
                    continue
                data = process.stdout.read()
                if not data:
                    return
                heard = time.monotonic()
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.line(line.decode(errors="replace").rstrip("\r"), folder)

    def line(self, text, folder):
        self.file.write(text + "\n")
        self.file.flush()
        self.log.append(text)
        found = SAID.search(text)
        if not found:
            return
        word, rest = found.groups()
        self.said.append((word, rest.strip()))
        if word == "host":
            self.host(rest.strip(), folder)

    def host(self, request, folder):
        try:
            self.monitor = self.monitor or Monitor(folder / "qmp")
            REQUESTS[request](self.monitor)
        except (OSError, KeyError) as e:
            self.file.write(f"[runner] {request}: {e}\n")
            self.said.append(("refused", f"{request}: {e}"))
