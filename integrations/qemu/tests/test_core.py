# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Our units by way of what QEMU's core offers to devices (QEMU 10.2: ATS and page requests)."""
import device as d
import test_vtd
import vtd
from tap import Skip, equal, test


class Place(test_vtd.Place):
    """As for VT-d, with a test device that does not know our units."""
    device = "iommux-testdev,addr=5.0,id=t0,core=on"

    def __init__(self, qemu, theirs, unit, needs):
        if theirs:
            raise Skip("the device is no other in front of QEMU's own units")
        super().__init__(qemu, theirs, unit, needs)


@test("core: translation requests, and a cache", needs=d.CAN_ATS)
def ats(place):
    test_vtd.ats(place)


@test("core: what is refused or may not be written has an answer that says so", needs=d.CAN_ATS)
def permissions(place):
    m, unit, dev, table = test_vtd.legacy(place, kind=1)
    unit.map(table, 0x4000, m.pages(), flags=vtd.R)
    equal(dev.ask(d.TRANSLATE, source=0x4000).granted, d.R, "what is granted of a page to read")
    equal(dev.write(0x4000, b"x", flags=d.CACHED).status, d.NOT_GRANTED, "a write")
    equal(unit.get(vtd.FSTS), 0, "faults")
    unit.legacy(table, kind=0)
    unit.flush_all()
    answer = dev.ask(d.TRANSLATE, source=0x4000)
    equal((answer.status, answer.granted), (d.DONE, 0), "where the device may not ask")
    equal(unit.fault().reason, 0xd, "the reason")
    dev.enable(ats=False)
    equal(dev.ask(d.TRANSLATE, source=0x4000).status, d.DISABLED, "where it is off")


@test("core: an invalidation empties the device's cache before it completes", needs=d.CAN_ATS)
def invalidated(place):
    m, unit, dev, table = test_vtd.legacy(place, kind=1)
    for n in range(4):
        unit.map(table, 0x4000 + n * 0x1000, m.pages())
        dev.ask(d.TRANSLATE, source=0x4000 + n * 0x1000)
    equal(dev.cached, 4, "translations kept")
    test_vtd.completed(unit, unit.submit([3 | 0x28 << 32, 0x4000]))
    equal(dev.cached, 3, "after one page")
    test_vtd.completed(unit, unit.submit([3 | 0x28 << 32, 0x4000 | 1]))
    equal(dev.cached, 2, "after two pages")
    test_vtd.completed(unit, unit.submit([3 | 0x28 << 32, 0x7ffffffffffff000 | 1]))
    equal(dev.cached, 0, "after everything")


@test("core: a process's translations are invalidated with its PASID", unit="first",
      needs=d.CAN_ATS)
def process(place):
    _, unit, dev, _ = test_vtd.processes(place, vtd.FIRST)
    for number in (5, None):
        equal(dev.ask(d.TRANSLATE, source=0x1000, pasid=number).granted & d.R, d.R,
              f"what PASID {number} is granted")
    dev.ask(d.TRANSLATE, source=0x1000, pasid=5)
    equal(dev.cached, 2, "translations kept")
    test_vtd.completed(unit, unit.submit([8 | 77 << 32 | 0x28 << 16, 0x1000]))
    equal(dev.cached, 2, "after an invalidation of PASID 77")
    test_vtd.completed(unit, unit.submit([8 | 5 << 32 | 0x28 << 16, 0x1000]))
    equal(dev.cached, 1, "after one of PASID 5")


@test("core: page requests are asked and answered", unit="first", needs=d.CAN_PRI)
def pri(place):
    test_vtd.pri(place)


@test("core: a page request that is not allowed is answered at once", unit="first",
      needs=d.CAN_PRI)
def pri_refused(place):
    test_vtd.pri_refused(place)
