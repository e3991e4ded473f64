# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""iommux-testdev, as docs/qemu-testdev.md describes it, driven from outside."""
import struct
from types import SimpleNamespace

from machine import Failure

# Commands
(READ, WRITE, COPY, ATOMIC, TRANSLATE, OPEN, CLOSE, PAGE_REQUEST, ANSWER, FORGET, MESSAGE, VECTOR,
 WATCH, UNWATCH, CHECK) = range(1, 16)

# Flags
PASID, PRIVILEGED, EXECUTE, NO_WRITE, TRANSLATED, CACHED, HELD, WRITING = (1 << n for n in range(8))
PAGE_READ, PAGE_WRITE, PAGE_LAST, APART = 0x100, 0x200, 0x400, 0x800
ADD, SWAP, CAS = 0, 0x1000, 0x2000

# Status
(DONE, UNSUPPORTED, ABORT, REFUSED, NOT_GRANTED, BUSY, DISABLED, NOT_THERE, INVALID,
 DIFFERENT) = range(10)
STATUS = ("done", "unsupported", "abort", "refused", "not granted", "busy", "disabled", "not there",
          "invalid", "different")

# What works in front of an IOMMU
(CAN_STATUS, CAN_PASID, CAN_ATS, CAN_TRANSLATED, CAN_PRI, CAN_ATOMIC, CAN_DRAIN, CAN_ANSWER,
 CAN_APART) = (1 << n for n in range(9))

# Granted
R, W, X, PRIV, GLOBAL, U, N = (1 << n for n in range(7))

# Control
SILENT, RECKLESS = 1, 2

# Events
INVALIDATE, PAGES, OTHER, UNMAPPED, MAPPED, DEVICE = range(1, 7)
WATCH_UNMAP, WATCH_MAP, WATCH_DEVICE = 1, 2, 4
EVENT_PASID, EVENT_GLOBAL = 0x80000000, 0x40000000


def covers(event, address):
    """Is the address one of those that the event is about?  0 bytes are all."""
    return not event.bytes or event.address <= address < event.address + event.bytes


class TestDevice:
    """The function at `rid`: its commands, and what it is told."""

    def __init__(self, machine, rid=0x28):
        self.machine, self.rid = machine, rid
        self.bar0, self.bar2, self.bar4 = (machine.bars + n * 0x10000 for n in range(3))

    def set_up(self):
        """BARs, memory and bus mastering; ATS, PRI and PASID."""
        m = self.machine
        identity = m.read32(m.config(self.rid, 0))
        if identity != 0x6d781234:
            raise Failure(f"no iommux-testdev at {self.rid:#x}: {identity:#x}")
        for offset, bar in ((0x10, self.bar0), (0x18, self.bar2), (0x20, self.bar4)):
            m.write32(m.config(self.rid, offset), bar)
        m.write32(m.config(self.rid, 4), 6)
        self.enable()

    def enable(self, ats=True, pri=True, pasid=True):
        m = self.machine
        m.write32(m.config(self.rid, 0x104), 0x80000000 if ats else 0)
        m.write32(m.config(self.rid, 0x114), 1 if pri else 0)
        m.write32(m.config(self.rid, 0x124), 0x10000 if pasid else 0)

    def ask(self, command, source=0, destination=0, length=0, pasid=None, flags=0, operand=0,
            compare=0):
        """A command, and how it ended."""
        m, bar = self.machine, self.bar0
        if pasid is not None:
            flags |= PASID
        m.write(bar + 0x08, struct.pack("<QQIIII", source, destination, length, pasid or 0, flags,
                                        0)[:-4])
        m.write64(bar + 0x28, operand)
        m.write64(bar + 0x30, compare)
        m.write32(bar + 0x24, command)
        return SimpleNamespace(
            status=m.read32(bar + 0x40), fault=m.read32(bar + 0x44), result=m.read64(bar + 0x48),
            extent=m.read64(bar + 0x50), moved=m.read64(bar + 0x58), granted=m.read32(bar + 0x60))

    def control(self, value):
        self.machine.write32(self.bar0 + 0x38, value)

    # DMA, as Python's bytes

    def read(self, address, length, **how):
        """Bytes, or the answer of a refusal."""
        self.answer = self.ask(READ, source=address, length=length, **how)
        return self.machine.read(self.bar2, length) if self.answer.status == DONE else None

    def write(self, address, data, **how):
        self.machine.write(self.bar2 + 0x8000, data)
        self.answer = self.ask(WRITE, source=0x8000, destination=address, length=len(data), **how)
        return self.answer

    # State

    @property
    def features(self):
        self.ask(FORGET)
        return self.machine.read32(self.bar0 + 0x04)

    @property
    def told(self):
        return self.machine.read32(self.bar0 + 0x64)

    @property
    def parked(self):
        return self.machine.read32(self.bar0 + 0x68)

    @property
    def held(self):
        return self.machine.read32(self.bar0 + 0x6c)

    @property
    def cached(self):
        return self.machine.read32(self.bar0 + 0x70)

    def events(self, since=0):
        """What it was told, from the `since`th event on."""
        found = []
        for n in range(since, self.told):
            kind, token, address, size, pasid, code = struct.unpack(
                "<IIQQII", self.machine.read(self.bar0 + 0x400 + n % 32 * 32, 32))
            found.append(SimpleNamespace(kind=kind, token=token, address=address, bytes=size,
                                         pasid=pasid, code=code))
        return found
