# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""VT-d: what notifiers of QEMU's core hear."""
import random

import device as d
import vtd
from machine import Failure
from tap import equal, test
from test_vtd import Place, completed, legacy, processes  # noqa: F401

BOTH = d.WATCH_UNMAP | d.WATCH_MAP
PAGE, LARGE = 0x1000, 1 << 21


def flush(unit, iova, size=PAGE, domain=1):
    """Invalidates the pages of a domain around an address."""
    completed(unit, unit.submit([2 | 3 << 4 | domain << 16, iova | size.bit_length() - 13]))


def heard(dev, since):
    return [(e.kind, e.address, e.bytes) for e in dev.events(since)]


# Translations that are gone

@test("vtd: who keeps translations is told of the pages that are invalidated, and of no other")
def unmapped(place):
    _, unit, dev, _ = legacy(place)
    equal(dev.ask(d.WATCH, operand=d.WATCH_UNMAP).status, d.DONE, "the notifier")
    for address, size in ((0x40000, PAGE), (0x40000, 4 * PAGE), (0x8000000, LARGE)):
        before = dev.told
        flush(unit, address, size)
        equal(heard(dev, before), [(d.UNMAPPED, address, size)], "what was told")


@test("vtd: invalidations of another domain are not told")
def other_domain(place):
    _, unit, dev, _ = legacy(place)
    equal(dev.ask(d.WATCH, operand=d.WATCH_UNMAP).status, d.DONE, "the notifier")
    before = dev.told
    flush(unit, 0x40000, domain=2)
    completed(unit, unit.submit([2 | 2 << 4 | 2 << 16, 0]))
    equal(heard(dev, before), [], "of another domain")
    for what in ([2 | 2 << 4 | 1 << 16, 0], [2 | 1 << 4, 0], [1 | 1 << 4, 0]):
        before = dev.told
        completed(unit, unit.submit(what))
        told = dev.events(before)
        if not any(d.covers(e, 0) for e in told) or not any(d.covers(e, 1 << 47) for e in told):
            raise Failure(f"not everything is in {heard(dev, before)}")


@test("vtd: invalidations of a process are told to those who look at it", unit="first",
      needs=d.CAN_STATUS)
def process(place):
    _, unit, dev, _ = processes(place, vtd.FIRST)

    def told(number, domain):
        before = dev.told
        completed(unit, unit.submit([6 | 3 << 4 | domain << 16 | number << 32, 0x1000]))
        return heard(dev, before)
    page = [(d.UNMAPPED, 0x1000, PAGE)]
    for watched, how in ((0, {}), (5, {"pasid": 5})):
        status = dev.ask(d.WATCH, operand=d.WATCH_UNMAP, **how).status
        equal(status, d.DONE, f"the notifier of {watched}")
        equal(told(0, 1), page if watched == 0 else [], "of requests without PASID")
        equal(told(5, 2), page if watched == 5 else [], "of PASID 5")
        equal(told(77, 3), [], "of PASID 77")
        dev.ask(d.UNWATCH)


# Threads without the big lock

@test("vtd: what a thread lets go on that may not wait for the big lock, others do",
      needs=d.CAN_APART)
def apart(place):
    m, unit, dev, table = legacy(place)
    unit.map(table, 0x4000, m.pages())
    equal(dev.ask(d.WATCH, operand=d.WATCH_UNMAP).status, d.DONE, "the notifier")
    before = dev.told
    equal(dev.ask(d.OPEN, source=0x4000, length=8).status, d.DONE, "the access that is open")
    drain = 2 | 1 << 4 | 1 << 6 | 1 << 7
    first = unit.submit([drain, 0])
    second = unit.submit([2 | 3 << 4 | 1 << 16, 0x40000])
    equal((unit.done(first), unit.done(second)), (False, False), "whether they have completed")
    equal(heard(dev, before)[1:], [], "what is told behind what waits")
    before = dev.told
    # Its thread ends the access, and would carry on with the queue; the main loop waits for it meanwhile.
    equal(dev.ask(d.CLOSE, flags=d.APART).status, d.DONE, "its end")
    equal(unit.get(vtd.FSTS), 0, "errors")
    completed(unit, first)
    completed(unit, second)
    equal(heard(dev, before), [(d.UNMAPPED, 0x40000, PAGE)], "what was told then")


@test("vtd: a thread without the big lock has its fault recorded, and interrupts nobody itself",
      needs=d.CAN_APART)
def apart_fault(place):
    m, unit, dev, _ = legacy(place)
    page = m.pages()
    for register, value in ((0x3c, 0x41), (0x40, 0xfee00000), (0x38, 0)):  # FEDATA, FEADDR, FECTL
        m.write32(unit.base + register, value)
    count = m.ask("qom-get", path="/machine/peripheral/u0", property="interrupts")
    equal(dev.read(0x9000, 4, flags=d.APART), None, "what it read of nothing")
    equal(unit.get(vtd.FSTS) >> 1 & 1, 1, "FSTS.PPF")
    equal(unit.fault().reason, 6, "the reason of the fault")
    equal(m.ask("qom-get", path="/machine/peripheral/u0", property="interrupts"), count + 1,
          "interrupts")
    # An interrupt message of its own would have to wait.
    equal(dev.write(0xfee00000, b"AAAA", flags=d.APART).status != d.DONE, True, "whether it failed")
    equal(dev.ask(d.VECTOR, flags=d.APART).status, d.INVALID, "a command that needs the big lock")
    equal(dev.read(page, 4), None, "what the device reads afterwards")


# A copy of what is mapped

@test("vtd: without caching mode, nobody can be told of pages that are mapped")
def refused(place):
    _, _, dev, _ = legacy(place)
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.REFUSED, "the notifier")


@test("vtd: nor where there may be a first stage, which caching mode is not about",
      unit="caching first", theirs="accepts it")
def refused_first(place):
    _, _, dev = place.begin()
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.REFUSED, "the notifier")


def watched(place):
    """As legacy, with somebody who keeps a copy from the start."""
    m, unit, dev, table = legacy(place)
    completed(unit, unit.flush_all())
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.DONE, "the notifier")
    return m, unit, dev, table


def copied(place, dev, size):
    """The copy is what the IOMMU has, of so many bytes."""
    answer = dev.ask(d.CHECK)
    if place.theirs:
        return
    equal((answer.status, answer.result), (d.DONE, 0), "the comparison, and where they differ")
    equal(answer.moved, size, "bytes in the copy")


@test("vtd: in caching mode, they are told of each page that is mapped", unit="caching")
def mapped(place):
    m, unit, dev, table = watched(place)
    page, before = m.pages(), dev.told
    unit.map(table, 0x40000, page)
    flush(unit, 0x40000)
    told = [(e.address, e.bytes, e.code) for e in dev.events(before) if e.kind == d.MAPPED]
    equal(told, [(0x40000, PAGE, page >> 12)], "what was mapped")
    before = dev.told
    flush(unit, 0x40000)
    equal([k for k, *_ in heard(dev, before) if k == d.MAPPED], [], "what was mapped once more")
    before = dev.told
    m.write64(unit.map(table, 0x40000, 0), 0)
    flush(unit, 0x40000)
    equal(heard(dev, before), [(d.UNMAPPED, 0x40000, PAGE)], "what was unmapped")
    copied(place, dev, 0)


@test("vtd: a copy begins with what is mapped, in scalable mode too", unit="caching second")
def begins(place):
    m, unit, dev = place.begin()
    directory, table = m.pages(), m.pages()
    unit.scalable_context(directory, flags=4 | 8 | 16)
    unit.pasid(directory, 0, table)
    large = m.pages(1024, LARGE)
    pages = [m.pages() for _ in range(3)][::-1]
    for n, page in enumerate(pages):
        unit.map(table, 0x7ffffff000 + n * PAGE, page, flags=vtd.R)
    unit.map(table, 0x40000000, large, LARGE)
    completed(unit, unit.flush_all())
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.DONE, "the notifier")
    equal([(e.address, e.bytes, e.code, e.token) for e in dev.events() if e.kind == d.MAPPED],
          [(0x40000000, LARGE, large >> 12, 3)] +
          [(0x7ffffff000 + n * PAGE, PAGE, page >> 12, 1) for n, page in enumerate(pages)],
          "what was told")
    copied(place, dev, LARGE + 3 * PAGE)


@test("vtd: a page in the middle of others goes alone", unit="caching")
def middle(place):
    m, unit, dev, table = watched(place)
    base = m.pages(512, LARGE)
    for n in range(8):
        unit.map(table, 0x40000000 + n * PAGE, base + n * PAGE)
    flush(unit, 0x40000000, 8 * PAGE)
    copied(place, dev, 8 * PAGE)
    before = dev.told
    m.write64(unit.map(table, 0x40003000, 0), 0)
    flush(unit, 0x40003000)
    equal(heard(dev, before), [(d.UNMAPPED, 0x40003000, PAGE)], "what was told")
    # A large page, of which one small one is invalidated, is another as a whole.
    unit.map(table, 0x80000000, base, LARGE)
    flush(unit, 0x80000000, LARGE)
    unit.map(table, 0x80000000, base, LARGE, flags=vtd.R)
    before = dev.told
    flush(unit, 0x80007000)
    equal(heard(dev, before), [(d.UNMAPPED, 0x80000000, LARGE), (d.MAPPED, 0x80000000, LARGE)],
          "what was told of the large page")
    copied(place, dev, 7 * PAGE + LARGE)


@test("vtd: a copy of memory as it is has the RAM alone, until translation is on", unit="caching",
      theirs="has no IOMMU there then, but memory itself")
def passed_through(place):
    m, unit, dev = place.begin(translate=False)
    page = m.pages()
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.DONE, "the notifier")
    equal(dev.told <= 32, True, "whether all events are there to be read")
    told = dev.events()
    for address, wanted in ((page, True), (0x1000, True), (unit.base, False), (0xfee00000, False),
                            (1 << 40, False)):
        found = [e for e in told if e.kind == d.MAPPED and d.covers(e, address)]
        equal(bool(found), wanted, f"whether {address:#x} was told")
        equal([e.code for e in found], [e.address >> 12 for e in found], "where it is")
    unit.command(vtd.TE)
    copied(place, dev, 0)


@test("vtd: a copy comes and goes with the context", unit="caching")
def contexts(place):
    m, unit, dev = place.begin()
    page, table = m.pages(), m.pages()
    equal(dev.ask(d.WATCH, operand=BOTH).status, d.DONE, "the notifier")
    copied(place, dev, 0)
    unit.map(table, 0x4000, page)
    before = dev.told
    unit.legacy(table)
    completed(unit, unit.flush_all())
    equal((d.MAPPED, 0x4000, PAGE) in heard(dev, before), True, "whether the page was told")
    copied(place, dev, PAGE)
    before = dev.told
    m.write64(unit.context + 0x28 * 16, 0)
    completed(unit, unit.submit([1 | 3 << 4 | 1 << 16 | 0x28 << 32, 0]))
    equal(any(e.kind == d.UNMAPPED and d.covers(e, 0x4000) for e in dev.events(before)), True,
          "whether it was told to be gone")
    copied(place, dev, 0)


@test("vtd: a copy is right after many maps, remaps and unmaps", unit="caching")
def many(place):
    m, unit, dev, table = watched(place)
    rng = random.Random(20)
    memory = m.pages(4 * 512, LARGE)
    spots = [(n * PAGE, PAGE) for n in (0, 1, 2, 3, 7, 300, 511)]
    spots += [(LARGE + n * LARGE, LARGE) for n in range(3)]
    spots += [(0x7fffff0000 + n * PAGE, PAGE) for n in range(6)]
    tables, copy = {}, {}  # address: (size, in memory, flags)
    for _ in range(60):
        chosen = rng.sample(spots, rng.randrange(1, 5))
        for iova, size in chosen:
            if iova in tables and rng.random() < 0.4:
                m.write64(unit.map(table, iova, 0, size), 0)
                del tables[iova]
            else:
                where = memory + rng.randrange(4 * LARGE // size) * size
                flags = rng.choice((vtd.R, vtd.W, vtd.R | vtd.W))
                unit.map(table, iova, where, size, flags)
                tables[iova] = size, where >> 12, flags
        before = dev.told
        if rng.random() < 0.3:
            completed(unit, unit.submit([2 | 2 << 4 | 1 << 16, 0]))
        else:
            for iova, size in chosen:
                flush(unit, iova, size)
        for e in dev.events(before):
            if e.kind == d.MAPPED:
                copy[e.address] = e.bytes, e.code, e.token
            else:
                for iova in [i for i in copy if d.covers(e, i)]:
                    del copy[iova]
        equal(copy, tables, "the copy")
        copied(place, dev, sum(size for size, *_ in tables.values()))
