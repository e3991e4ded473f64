# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""A machine of QEMU's without any software: memory and ports by qtest, the rest by QMP."""
import json
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


class Failure(Exception):
    """A test that did not find what it should have found."""


# A unit of ours on the command line.
UNIT = re.compile(r"iommux-(vtd|riscv-\w+)\b(?!.*record=)")


class Machine:
    """`qemu-system-ARCH -accel qtest`, and where things are in it."""
    replays = None  # the program that replays what units of ours did; None: they are not recorded

    def __init__(self, qemu, *arguments, incoming=None):
        self.folder = Path(tempfile.mkdtemp(prefix="iommux-qtest-"))
        self.trace = self.folder / "trace"
        if self.replays:
            arguments = [f"{a},record={self.trace}" if UNIT.match(a) else a for a in arguments]
        listeners = {name: self._listen(name) for name in ("qtest", "qmp")}
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [qemu, "-accel", "qtest", "-display", "none", "-nodefaults", "-m", "256M",
             "-qtest", f"unix:{self.folder}/qtest", "-qtest-log", "none",
             "-chardev", f"socket,path={self.folder}/qmp,id=qmp",
             "-mon", "chardev=qmp,mode=control",
             *arguments, *(["-incoming", incoming] if incoming else [])],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.qtest, self.qmp = (self._accept(listeners[name]) for name in ("qtest", "qmp"))
        self.events = []
        try:
            self.qmp.readline()  # its greeting
            self.ask("qmp_capabilities")
        except OSError:
            raise Failure(f"QEMU did not start: {self.said()}") from None
        self.free = self.ram + (1 << 20)

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / name))
        listener.listen(1)
        listener.settimeout(1)
        return listener

    def _accept(self, listener):
        for _ in range(60):
            try:
                stream = listener.accept()[0].makefile("rw", encoding="utf-8")
                listener.close()
                return stream
            except TimeoutError:
                if self.process.poll() is not None:
                    break
        raise Failure(f"QEMU did not start: {self.said()}")

    def said(self):
        """What QEMU printed."""
        return (self.folder / "log").read_text(encoding="utf-8").strip()

    def replay(self):
        """Ends the machine; what it recorded is what the unit does once more."""
        if not self.replays or not self.trace.exists():
            return
        self.ask("quit")
        self.process.wait(60)
        done = subprocess.run([self.replays, "replay", self.trace], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            raise Failure(f"the replay: {done.stdout.strip()}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)

    # QMP

    def ask(self, command, **arguments):
        """A command of QMP, and its answer."""
        self.qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp.flush()
        while True:
            line = self.qmp.readline()
            if not line:
                raise Failure(f"QEMU has ended: {self.said()}")
            answer = json.loads(line)
            if "event" in answer:
                self.events.append(answer["event"])
            elif "error" in answer:
                raise Failure(f"{command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def wait_for(self, event):
        """Waits for one of QMP's events."""
        while event not in self.events:
            answer = json.loads(self.qmp.readline())
            if "event" in answer:
                self.events.append(answer["event"])
        self.events.remove(event)

    def monitor(self, line):
        return self.ask("human-monitor-command", **{"command-line": line})

    def job(self, command, **arguments):
        """A command of QMP that goes on by itself, to its end."""
        self.ask(command, **{"job-id": "job"}, **arguments)
        while True:
            job, = self.ask("query-jobs")
            if job["status"] == "concluded":
                break
        self.ask("job-dismiss", id="job")
        if "error" in job:
            raise Failure(f"{command}: {job['error']}")

    def add_disk(self):
        """A disk that nobody has, for `savevm`."""
        file = {"driver": "file", "filename": str(self.folder / "disk")}
        self.job("blockdev-create", options={**file, "size": 0})
        self.ask("blockdev-add", **file, **{"node-name": "file"})
        self.job("blockdev-create", options={"driver": "qcow2", "file": "file", "size": 1 << 20})
        self.ask("blockdev-add", driver="qcow2", file="file", **{"node-name": "disk"})

    # qtest

    def say(self, line):
        """A command of qtest, and the words of its answer behind OK."""
        self.qtest.write(line + "\n")
        self.qtest.flush()
        while True:
            answer = self.qtest.readline().split()
            if not answer:
                raise Failure(f"QEMU has ended: {self.said()}")
            if answer[0] == "OK":
                return answer[1:]
            if answer[0] != "IRQ":
                raise Failure(f"{line}: {' '.join(answer)}")

    def read(self, address, size):
        return bytes.fromhex(self.say(f"read {address:#x} {size:#x}")[0][2:])

    def write(self, address, data):
        for at in range(0, len(data), 0x4000):
            piece = data[at:at + 0x4000]
            self.say(f"write {address + at:#x} {len(piece):#x} 0x{piece.hex()}")

    def read32(self, address):
        return int(self.say(f"readl {address:#x}")[0], 16)

    def read64(self, address):
        return int(self.say(f"readq {address:#x}")[0], 16)

    def write32(self, address, value):
        self.say(f"writel {address:#x} {value & 0xffffffff:#x}")

    def write64(self, address, value):
        self.say(f"writeq {address:#x} {value & (1 << 64) - 1:#x}")

    # memory that nobody uses

    def pages(self, count=1, align=0x1000):
        """So many pages of zeroes in a row; their address."""
        address = (self.free + align - 1) & -align
        self.free = address + count * 0x1000
        return address

    # config space

    def config(self, rid, offset):
        """Where a register in config space is, in memory."""
        return self.ecam + (rid << 12) + offset


class Q35(Machine):
    """A PC.  Its config space is in memory once somebody says where."""
    ram = 0
    ecam = 0xb0000000
    bars = 0xe0000000

    def __init__(self, qemu, *arguments, incoming=None):
        super().__init__(qemu, "-M", "q35", *arguments, incoming=incoming)
        if not incoming:
            for address, value in ((0x80000064, 0), (0x80000060, self.ecam | 1)):
                self.say(f"outl 0xcf8 {address:#x}")
                self.say(f"outl 0xcfc {value:#x}")


class Virt(Machine):
    """RISC-V's `virt`."""
    ram = 0x80000000
    ecam = 0x30000000
    bars = 0x40000000

    def __init__(self, qemu, *arguments, incoming=None):
        super().__init__(qemu, "-bios", "none", *arguments, incoming=incoming)
