# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""VT-d: savevm and loadvm, which bring a machine back to where it was, in the same QEMU."""
import device as d
import vtd
from tap import equal, test
from test_vtd import DATA, Place, completed, legacy  # noqa: F401
from test_vtd_notify import BOTH, PAGE, copied, flush, watched


class Snapshot:
    """A machine as it is now, with what the test knows of its unit."""

    def __init__(self, m, unit):
        self.m, self.unit = m, unit
        m.add_disk()
        equal(m.monitor("savevm a"), "", "savevm's answer")
        self.known = unit.tail, unit.waits

    def load(self):
        equal(self.m.monitor("loadvm a"), "", "loadvm's answer")
        self.unit.tail, self.unit.waits = self.known


@test("vtd: loadvm in the middle of traffic takes back tables, caches, queue and records")
def back(place):
    m, unit, dev, table = legacy(place)
    first, second = m.pages(), m.pages()
    unit.map(table, 0x4000, first)
    equal(dev.write(0x4000, DATA).status, d.DONE, "the write before savevm")
    snapshot = Snapshot(m, unit)
    for _ in range(2):
        unit.map(table, 0x4000, second)
        flush(unit, 0x4000)
        dev.write(0x4000, b"later")
        m.write(first, bytes(4096))
        dev.read(0x9000, 4)
        equal((m.read(second, 5), unit.get(vtd.FSTS) >> 1 & 1), (b"later", 1), "what came then")
        snapshot.load()
        equal(unit.get(vtd.FSTS), 0, "faults after loadvm")
        equal(dev.read(0x4000, 4096), DATA, "what the device read after loadvm")
        equal(m.read(second, 5), bytes(5), "what it had written later")
        # And traffic goes on.
        equal(dev.write(0x4800, b"again").status, d.DONE, "a write after loadvm")
        equal(m.read(first + 0x800, 5), b"again", "memory")
        unit.map(table, 0x4000, second)
        flush(unit, 0x4000)
        equal(dev.read(0x4000, 5), bytes(5), "what it read of another page")
        dev.read(0x9000, 4)
        equal(unit.fault().reason, 6, "the reason of a fault")


@test("vtd: an invalidation that waited for a device at savevm waits after loadvm",
      needs=d.CAN_ATS | d.CAN_ANSWER)
def waiting(place):
    m, unit, dev, table = legacy(place, kind=1)
    for n in range(2):
        unit.map(table, 0x4000 + n * PAGE, m.pages())
        dev.ask(d.TRANSLATE, source=0x4000 + n * PAGE)
    dev.control(d.SILENT)
    wait = unit.submit([3 | 0x28 << 32, 0x4000])
    parked = dev.parked
    equal((unit.done(wait), dev.cached), (False, 1), "before")
    snapshot = Snapshot(m, unit)
    dev.ask(d.ANSWER)
    completed(unit, wait)
    dev.control(0)
    completed(unit, unit.submit([3 | 0x28 << 32, 0x5000]))
    equal(dev.cached, 0, "translations kept then")
    snapshot.load()
    equal((unit.done(wait), dev.cached, dev.parked), (False, 1, parked), "after")
    dev.ask(d.ANSWER)
    completed(unit, wait)
    equal(unit.get(vtd.FSTS), 0, "errors")


@test("vtd: loadvm tells who keeps a copy what is mapped then", unit="caching")
def copy(place):
    m, unit, dev, table = watched(place)
    for n in range(3):
        unit.map(table, 0x4000 + n * PAGE, m.pages())
    flush(unit, 0x4000, 4 * PAGE)
    copied(place, dev, 3 * PAGE)
    snapshot = Snapshot(m, unit)
    unit.map(table, 0x4000, m.pages())
    unit.map(table, 0x9000, m.pages())
    m.write64(unit.map(table, 0x5000, 0), 0)
    flush(unit, 0, 16 * PAGE)
    copied(place, dev, 3 * PAGE)
    snapshot.load()
    copied(place, dev, 3 * PAGE)
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.BUSY, "another notifier")
