# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""VT-d: what a device meets, and what software is told."""
import device as d
import vtd
from machine import Failure, Q35
from tap import Skip, equal, test

DATA = bytes(range(256)) * 16
UNITS = {  # options of ours, and of QEMU's
    "": ("iommux-vtd", "intel-iommu,intremap=on,device-iotlb=on"),
    "caching": ("iommux-vtd,caching-mode=on", "intel-iommu,intremap=on,caching-mode=on"),
    "caching first": ("iommux-vtd,profile=scalable,caching-mode=on",
                      "intel-iommu,intremap=on,caching-mode=on,x-scalable-mode=on,x-flts=on"),
    "caching second": ("iommux-vtd,profile=scalable,caching-mode=on,first-stage=off",
                       "intel-iommu,intremap=on,caching-mode=on,x-scalable-mode=on,x-flts=off"),
    "scalable": ("iommux-vtd,profile=scalable",
                 "intel-iommu,intremap=on,device-iotlb=on,x-scalable-mode=on,x-flts=off"),
    "first": ("iommux-vtd,profile=scalable",
              "intel-iommu,intremap=on,device-iotlb=on,x-scalable-mode=on,x-flts=on,aw-bits=48"),
}


class Place:
    """A machine with a unit, the test device, and a way to make more of them."""
    target = "x86_64"
    device = "iommux-testdev,addr=5.0,id=t0"

    def __init__(self, qemu, theirs, unit, needs):
        self.binary, self.theirs, self.machines = qemu[self.target], theirs, []
        self.options, self.needs = UNITS[unit][theirs], needs
        self.scalable = "scalable" in self.options

    def machine(self, options=None, incoming=None, extra=()):
        m = Q35(self.binary, "-device", f"{options or self.options},id=u0", "-device",
                self.device, *extra, incoming=incoming)
        self.machines.append(m)
        return m

    def begin(self, translate=True):
        """The unit, started, and the device behind it."""
        m = self.machine()
        dev = d.TestDevice(m)
        dev.set_up()
        lacks = self.needs & ~dev.features
        if lacks:
            raise Skip(f"the device cannot do {lacks:#x} in front of this IOMMU")
        unit = vtd.Vtd(m, scalable=self.scalable)
        unit.start(translate)
        return m, unit, dev

    def close(self):
        for m in self.machines:
            m.close()


def legacy(place, kind=0):
    """As begin, with a page table of the device in legacy mode."""
    m, unit, dev = place.begin()
    table = m.pages()
    unit.legacy(table, kind=kind)
    return m, unit, dev, table


def completed(unit, wait, what="the wait descriptor"):
    if not unit.done(wait):
        raise Failure(f"{what} has not completed")


# DMA

@test("vtd: without translation, a device reaches memory as it is")
def off(place):
    m, _, dev = place.begin(translate=False)
    page = m.pages()
    equal(dev.write(page, DATA).status, d.DONE, "the write")
    equal(m.read(page, 4096), DATA, "memory")
    equal(dev.read(page, 4096), DATA, "what the device read")


def sizes(place, size):
    m, unit, dev, table = legacy(place)
    iova, offset = 0x40000000 + size, size - 0x3000
    # RAM is 256 MiB: of a larger page, the part that there is.
    base = 0 if size > m.free else m.pages(2 * size >> 12, size)
    offset = offset if base else m.pages(2)
    unit.map(table, iova, base, size)
    dev.write(iova + offset, DATA)
    equal(dev.answer.status, d.DONE, "the write")
    equal(m.read(base + offset, 4096), DATA, "memory")
    equal(dev.read(iova + offset, 4096), DATA, "what the device read")
    equal(unit.fault(), None, "a fault")


for name, size in (("2 MiB", 1 << 21), ("1 GiB", 1 << 30)):
    test(f"vtd: a page of {name}")(lambda place, size=size: sizes(place, size))


@test("vtd: pages of 4 KiB that are not in a row in memory are in a row for the device")
def small(place):
    m, unit, dev, table = legacy(place)
    pages = [m.pages() for _ in range(4)][::-1]
    for n, page in enumerate(pages):
        unit.map(table, 0x10000 + n * 0x1000, page)
    equal(dev.write(0x10800, DATA * 3).status, d.DONE, "the write")
    equal(dev.answer.moved, len(DATA) * 3, "bytes moved")
    equal(m.read(pages[0] + 0x800, 0x800), DATA[:0x800], "the first page")
    equal(m.read(pages[3], 0x800), DATA[0x800:], "the last page")
    destination = m.pages(4)
    unit.map(table, 0x20000, destination)
    unit.map(table, 0x21000, destination + 0x1000)
    equal(dev.ask(d.COPY, source=0x10800, destination=0x20800, length=0x100001).status, d.INVALID,
          "a copy of more than it moves at once")
    equal(dev.ask(d.COPY, source=0x10800, destination=0x20800, length=0x1000).status, d.DONE,
          "the copy")
    equal(m.read(destination + 0x800, 0x1000), DATA, "the copy")


@test("vtd: a write to a page that is read-only is refused and recorded (05)",
      theirs="refuses what its cache does not permit, and records nothing")
def read_only(place):
    m, unit, dev, table = legacy(place)
    page = m.pages()
    unit.map(table, 0x5000, page, flags=vtd.R)
    equal(dev.read(0x5000, 64), bytes(64), "what the device read")
    answer = dev.write(0x5040, b"x" * 64)
    equal(answer.status, d.REFUSED if place.theirs else d.UNSUPPORTED, "the write")
    equal(m.read(page, 128), bytes(128), "memory")
    fault = unit.fault()
    equal((fault.reason, fault.page, fault.sid, fault.write), (5, 0x5000, 0x28, True), "the record")
    equal(unit.fault(), None, "another record")


@test("vtd: faults say why (02, 06, 0c)")
def reasons(place):
    m, unit, dev = place.begin()
    dev.read(0x7000, 4)
    equal(unit.fault().reason, 2, "the reason without a context entry")
    table = m.pages()
    unit.legacy(table)
    unit.flush_all()
    dev.read(0x7000, 4)
    equal(unit.fault().reason, 6, "the reason without an entry")
    unit.map(table, 0x7000, 1 << 51)
    dev.read(0x7000, 4)
    equal(unit.fault().reason, 0xc, "the reason with reserved bits")


@test("vtd: the device hears the code of a fault", needs=d.CAN_STATUS)
def heard(place):
    _, _, dev, _ = legacy(place)
    dev.read(0x7000, 4)
    equal((dev.answer.status, dev.answer.fault), (d.UNSUPPORTED, 6), "the answer")


@test("vtd: an old translation holds until it is invalidated, and not longer")
def stale(place):
    m, unit, dev, table = legacy(place)
    first, second = m.pages(), m.pages()
    m.write(first, b"first page")
    m.write(second, b"other page")
    unit.map(table, 0x9000, first)
    equal(dev.read(0x9000, 10), b"first page", "what the device read")
    unit.map(table, 0x9000, second)
    equal(dev.read(0x9000, 10), b"first page", "what the device read before the invalidation")
    completed(unit, unit.submit([2 | 3 << 4 | 1 << 16, 0x9000]))
    equal(dev.read(0x9000, 10), b"other page", "what the device read after it")


@test("vtd: atomics", needs=d.CAN_ATOMIC)
def atomics(place):
    m, unit, dev, table = legacy(place)
    page = m.pages()
    unit.map(table, 0x3000, page)
    m.write64(page + 8, 40)
    answer = dev.ask(d.ATOMIC, destination=0x3008, length=8, operand=2, flags=d.ADD)
    equal((answer.status, answer.result, m.read64(page + 8)), (d.DONE, 40, 42), "fetch and add")
    answer = dev.ask(d.ATOMIC, destination=0x3008, length=4, operand=7, compare=41, flags=d.CAS)
    equal((answer.result, m.read64(page + 8)), (42, 42), "compare and swap of another number")
    answer = dev.ask(d.ATOMIC, destination=0x3008, length=4, operand=7, compare=42, flags=d.CAS)
    equal((answer.result, m.read64(page + 8)), (42, 7), "compare and swap")
    answer = dev.ask(d.ATOMIC, destination=0x3008, length=8, operand=1 << 40, flags=d.SWAP)
    equal((answer.result, m.read64(page + 8)), (7, 1 << 40), "swap")


# Drain

@test("vtd: an invalidation completes when the access that is open ends", needs=d.CAN_DRAIN)
def drain(place):
    m, unit, dev, table = legacy(place)
    page = m.pages()
    unit.map(table, 0x6000, page)
    equal(dev.ask(d.OPEN, source=0x6000, length=4096, flags=d.WRITING).status, d.DONE, "the open")
    m.write64(unit.map(table, 0x6000, page), 0)
    wait = unit.submit([2 | 3 << 4 | 1 << 6 | 1 << 7 | 1 << 16, 0x6000])
    equal(unit.done(wait), False, "the completion while the access is open")
    equal(dev.write(0x10, b"late", flags=d.HELD).status, d.DONE, "a write inside of it")
    equal(m.read(page + 0x10, 4), b"late", "memory")
    equal(unit.done(wait), False, "the completion after a write")
    equal(dev.ask(d.CLOSE).status, d.DONE, "the close")
    completed(unit, wait)
    equal(dev.read(0x6000, 4), None, "a new access")


# ATS

@test("vtd: translation requests, translated requests, and a cache", needs=d.CAN_ATS)
def ats(place):
    m, unit, dev, table = legacy(place, kind=1)
    page, large = m.pages(), m.pages(512, 1 << 21)
    unit.map(table, 0x4000, page)
    unit.map(table, 0x200000, large, 1 << 21)
    answer = dev.ask(d.TRANSLATE, source=0x4123)
    equal((answer.status, answer.result & -0x1000, answer.extent), (d.DONE, page, 0x1000),
          "the answer")
    equal(answer.granted & (d.R | d.W), d.R | d.W, "what is granted")
    answer = dev.ask(d.TRANSLATE, source=0x212345)
    equal((answer.result & -0x1000, answer.extent), (large + 0x12000, 1 << 21), "of a large page")
    equal(dev.cached, 2, "translations kept")
    equal(dev.write(0x4000, DATA, flags=d.CACHED).status, d.DONE, "a write through the cache")
    equal(m.read(page, 4096), DATA, "memory")
    # A page that is gone is still reached through the cache: the IOMMU does not look again.
    m.write64(unit.map(table, 0x4000, page), 0)
    completed(unit, unit.submit([2 | 1 << 4, 0]))
    equal(dev.read(0x4000, 4096, flags=d.CACHED), DATA, "what the device read")
    answer = dev.ask(d.TRANSLATE, source=0x9000)
    equal(answer.granted & 3, 0, "what is granted of a page that is not there")


@test("vtd: a translated request goes where it says", needs=d.CAN_STATUS | d.CAN_ATS)
def translated(place):
    m, unit, dev, table = legacy(place, kind=1)
    page = m.pages()
    equal(dev.write(page, DATA, flags=d.TRANSLATED).status, d.DONE, "the write")
    equal(m.read(page, 4096), DATA, "memory")
    unit.legacy(table, kind=0)
    unit.flush_all()
    answer = dev.ask(d.READ, source=page, length=4, flags=d.TRANSLATED)
    equal((answer.status, answer.fault), (d.UNSUPPORTED, 0xd), "where it is not allowed")
    answer = dev.ask(d.TRANSLATE, source=0x4000)
    equal((answer.status, answer.fault), (d.UNSUPPORTED, 0xd), "a translation request")


@test("vtd: an invalidation empties the device's cache, and waits for its answer",
      needs=d.CAN_ATS | d.CAN_ANSWER)
def device_tlb(place):
    m, unit, dev, table = legacy(place, kind=1)
    for n in range(4):
        unit.map(table, 0x4000 + n * 0x1000, m.pages())
        dev.ask(d.TRANSLATE, source=0x4000 + n * 0x1000)
    completed(unit, unit.submit([3 | 0x28 << 32, 0x4000]))
    equal(dev.cached, 3, "translations kept after one page")
    # With S, two pages for an address whose bit 12 is clear.
    completed(unit, unit.submit([3 | 0x28 << 32, 0x4000 | 1]))
    equal(dev.cached, 2, "after two pages")
    event = dev.events()[-1]
    equal((event.kind, event.address & -0x2000, event.bytes), (d.INVALIDATE, 0x4000, 0x2000),
          "what it was told")
    dev.control(d.SILENT)
    wait = unit.submit([3 | 0x28 << 32, 0x7ffffffffffff000 | 1])
    equal(dev.cached, 0, "after everything")
    equal(unit.done(wait), False, "the completion without an answer")
    if not dev.parked:
        raise Failure("no ITag waits")
    dev.ask(d.ANSWER)
    completed(unit, wait)
    equal(dev.parked, 0, "the ITags that wait")


@test("vtd: an access with a cached translation delays the answer to its invalidation",
      needs=d.CAN_ATS | d.CAN_ANSWER)
def device_tlb_held(place):
    m, unit, dev, table = legacy(place, kind=1)
    page = m.pages()
    unit.map(table, 0x4000, page)
    unit.map(table, 0x8000, m.pages())
    answer = dev.ask(d.OPEN, source=0x4000, length=4096, flags=d.CACHED | d.WRITING)
    equal(answer.status, d.DONE, "the open")
    dev.ask(d.TRANSLATE, source=0x8000)
    wait = unit.submit([3 | 0x28 << 32, 0x4000])
    equal((unit.done(wait), bin(dev.parked).count("1")), (False, 1), "the completion")
    equal(dev.write(0, DATA, flags=d.HELD).status, d.DONE, "a write inside of it")
    dev.ask(d.CLOSE)
    completed(unit, wait)
    equal(m.read(page, 4096), DATA, "memory")
    equal(dev.cached, 1, "translations kept")


@test("vtd: a device that never answers is a time-out (ITE)", needs=d.CAN_ATS | d.CAN_ANSWER)
def time_out(place):
    m, unit, dev, table = legacy(place, kind=1)
    unit.map(table, 0x4000, m.pages())
    dev.ask(d.TRANSLATE, source=0x4000)
    dev.control(d.SILENT)
    wait = unit.submit([3 | 0x28 << 32, 0x4000])
    m.say("clock_step 1000000000")
    equal(unit.get(vtd.FSTS) >> 6 & 1, 0, "ITE after a second")
    for _ in range(90):
        m.say("clock_step 1000000000")
    equal(unit.get(vtd.FSTS) >> 6 & 1, 1, "ITE after a minute and a half")
    equal(unit.done(wait), False, "the completion")


@test("vtd: a completion that nobody waits for is an error (ICE)", needs=d.CAN_ANSWER)
def unexpected(place):
    _, unit, dev, _ = legacy(place, kind=1)
    dev.ask(d.ANSWER, operand=1 << 5)
    equal(unit.get(vtd.FSTS) >> 5 & 1, 1, "ICE")


# Processes

def processes(place, kind):
    m, unit, dev = place.begin()
    directory = m.pages()
    unit.scalable_context(directory, flags=4 | 8 | 16)
    pages = {}
    for number, domain in ((0, 1), (5, 2), (77, 3)):
        table = m.pages()
        unit.pasid(directory, number, table, domain, kind)
        pages[number] = m.pages()
        m.write(pages[number], b"process %3d" % number)
        flags = vtd.FS_LEAF if kind == vtd.FIRST else vtd.R | vtd.W
        unit.map(table, 0x1000, pages[number], flags=flags, first=kind == vtd.FIRST)
    unit.flush_all()
    return m, unit, dev, pages


@test("vtd: processes have address spaces of their own, first stage", unit="first",
      needs=d.CAN_STATUS)
def pasid_first(place):
    m, _, dev, pages = processes(place, vtd.FIRST)
    equal(dev.read(0x1000, 11), b"process   0", "what the device read without PASID")
    equal(dev.read(0x1000, 11, pasid=5), b"process   5", "with PASID 5")
    equal(dev.read(0x1000, 11, pasid=77), b"process  77", "with PASID 77")
    dev.write(0x1000, b"!", pasid=77)
    equal(m.read(pages[77], 1), b"!", "memory of PASID 77")


@test("vtd: processes have address spaces of their own, second stage", unit="scalable",
      needs=d.CAN_STATUS)
def pasid_second(place):
    _, unit, dev, _ = processes(place, vtd.SECOND)
    equal(dev.read(0x1000, 11, pasid=77), b"process  77", "what the device read with PASID 77")
    equal(dev.read(0x1000, 11, pasid=78), None, "with a PASID that is not there")
    fault = unit.fault()
    equal((fault.reason, fault.pasid), (0x59, 78), "the record")


@test("vtd: a device that may not use PASIDs does not", unit="scalable", needs=d.CAN_STATUS)
def pasid_disabled(place):
    _, _, dev, _ = processes(place, vtd.SECOND)
    dev.enable(pasid=False)
    dev.read(0x1000, 11, pasid=5)
    equal(dev.answer.status, d.DISABLED, "the answer")


@test("vtd: translation requests and invalidations of one process", unit="first",
      needs=d.CAN_STATUS | d.CAN_ATS | d.CAN_ANSWER)
def pasid_ats(place):
    _, unit, dev, pages = processes(place, vtd.FIRST)
    for number in (5, 77):
        answer = dev.ask(d.TRANSLATE, source=0x1000, pasid=number)
        equal((answer.status, answer.result & -0x1000), (d.DONE, pages[number]), "the answer")
    equal(dev.cached, 2, "translations kept")
    completed(unit, unit.submit([8 | 0x28 << 16 | 5 << 32, 0x1000]))
    equal(dev.cached, 1, "after those of PASID 5 went")
    completed(unit, unit.submit([8 | 0x28 << 16, 1 | 0x7ffffffffffff000 | 1 << 11]))
    equal(dev.cached, 0, "after all went")


# Page requests

def requests(unit):
    """Page requests in the queue, which is then empty."""
    m, found = unit.machine, []
    while unit.get(vtd.PQH) != unit.get(vtd.PQT):
        at = unit.requests + unit.get(vtd.PQH)
        found.append((m.read64(at), m.read64(at + 8)))
        m.write64(unit.base + vtd.PQH, unit.get(vtd.PQH) + 32 & 0xfff)
    return found


def with_requests(place):
    m, unit, dev, pages = processes(place, vtd.FIRST)
    unit.requests = m.pages()
    m.write64(unit.base + vtd.PQA, unit.requests)
    return m, unit, dev, pages


@test("vtd: page requests are asked, answered and tried again", unit="first",
      needs=d.CAN_PRI | d.CAN_STATUS)
def pri(place):
    _, unit, dev, _ = with_requests(place)
    answer = dev.ask(d.PAGE_REQUEST, source=0x2000, pasid=5, operand=300,
                     flags=d.PAGE_READ | d.PAGE_WRITE)
    equal((answer.status, dev.told), (d.DONE, 0), "the first of a group")
    dev.ask(d.PAGE_REQUEST, source=0x3000, pasid=5, operand=300, flags=d.PAGE_READ | d.PAGE_LAST)
    found = requests(unit)
    equal([(lo >> 16 & 0xffff, lo >> 32 & 0xfffff, hi & 7, hi >> 3 & 0x1ff, hi & -0x1000)
           for lo, hi in found],
          [(0x28, 5, 3, 300, 0x2000), (0x28, 5, 5, 300, 0x3000)], "the queue")
    equal(dev.told, 0, "answers so far")
    completed(unit, unit.submit([9 | 1 << 4 | 0x28 << 16 | 5 << 32, 300 << 3]))
    event = dev.events()[-1]
    equal((event.kind, event.token, event.code), (d.PAGES, 300, 0), "the answer")
    completed(unit, unit.submit([9 | 1 << 4 | 1 << 12 | 0x28 << 16 | 5 << 32, 17 << 3]))
    event = dev.events()[-1]
    equal((event.token, event.code), (17, 1), "an answer of invalid request")


@test("vtd: a page request that is not allowed is answered at once", unit="first",
      needs=d.CAN_PRI | d.CAN_STATUS)
def pri_refused(place):
    m, unit, dev, _ = with_requests(place)
    directory = m.read64(unit.context + 0x28 * 32) & -0x1000
    unit.scalable_context(directory, flags=4 | 8)
    unit.flush_all()
    dev.ask(d.PAGE_REQUEST, source=0x2000, pasid=5, operand=9, flags=d.PAGE_READ | d.PAGE_LAST)
    event = dev.events()[-1]
    equal((event.kind, event.token, event.code), (d.PAGES, 9, 1), "the answer")
    equal(unit.fault().reason, 0x47, "the reason")


# Interrupts

def interrupts(place):
    m, unit, dev = place.begin(translate=False)
    table = m.pages()
    m.write64(unit.base + vtd.IRTA, table | 7)  # 256 entries
    unit.command(vtd.SIRTP)
    unit.submit([4, 0])
    unit.command(vtd.IRE)
    return m, unit, dev, table


def pending(m):
    """Vectors that CPU 0's local APIC holds."""
    for line in m.monitor("info lapic 0").splitlines():
        if line.startswith("IRR"):
            return [int(word) for word in line.split()[1:] if word.isdigit()]
    raise Failure("the monitor says nothing of the local APIC")


@test("vtd: a message goes where its entry says")
def remapped(place):
    m, unit, dev, table = interrupts(place)
    m.write64(table + 3 * 16 + 8, 0x28 | 1 << 18)
    m.write64(table + 3 * 16, 1 | 0x47 << 16)
    dev.ask(d.MESSAGE, destination=0xfee00000 | 3 << 5 | 1 << 4, operand=0)
    equal(pending(m), [0x47], "pending vectors")
    equal(unit.fault(), None, "a fault")


@test("vtd: MSI-X is remapped, too")
def msix(place):
    m, _, dev, table = interrupts(place)
    m.write64(table + 9 * 16 + 8, 0x28 | 1 << 18)
    m.write64(table + 9 * 16, 1 | 0x51 << 16)
    m.write64(dev.bar4 + 2 * 16, 0xfee00000 | 9 << 5 | 1 << 4)
    m.write64(dev.bar4 + 2 * 16 + 8, 0)
    at = m.read32(m.config(dev.rid, 0x34)) & 0xff
    while m.read32(m.config(dev.rid, at)) & 0xff != 0x11:
        at = m.read32(m.config(dev.rid, at)) >> 8 & 0xff
    control = m.read32(m.config(dev.rid, at))
    m.write32(m.config(dev.rid, at), control | 1 << 31)
    equal(dev.ask(d.VECTOR, length=2).status, d.DONE, "the command")
    equal(pending(m), [0x51], "pending vectors")


@test("vtd: interrupts without entry, of another source, in the old format (22, 26, 25)",
      theirs="lets the compatibility format pass")
def interrupt_faults(place):
    m, unit, dev, table = interrupts(place)
    m.write64(table + 5 * 16 + 8, 0x30 | 1 << 18)
    m.write64(table + 5 * 16, 1 | 0x47 << 16)
    for index, reason in ((4, 0x22), (5, 0x26)):
        dev.ask(d.MESSAGE, destination=0xfee00000 | index << 5 | 1 << 4, operand=0)
        fault = unit.fault()
        equal((fault.reason, fault.sid), (reason, 0x28), "the record")
    dev.ask(d.MESSAGE, destination=0xfee00000, operand=0x47)
    equal(pending(m), [], "pending vectors")
    equal(unit.fault().reason, 0x25, "the reason")


@test("vtd: an entry that changed counts from the invalidation on")
def interrupt_stale(place):
    m, unit, dev, table = interrupts(place)
    m.write64(table + 16, 1 | 0x61 << 16)
    dev.ask(d.MESSAGE, destination=0xfee00000 | 1 << 5 | 1 << 4, operand=0)
    m.write64(table + 16, 1 | 0x62 << 16)
    completed(unit, unit.submit([4 | 1 << 4 | 1 << 32, 0]))
    dev.ask(d.MESSAGE, destination=0xfee00000 | 1 << 5 | 1 << 4, operand=0)
    equal(pending(m), [0x61, 0x62], "pending vectors")


# Migration

def moved(place, m, unit, dev):
    """The machine goes on in another QEMU."""
    state = m.folder / "state"
    m.ask("migrate", uri=f"file:{state}")
    while m.ask("query-migrate")["status"] not in ("completed", "failed"):
        pass
    equal(m.ask("query-migrate")["status"], "completed", "the migration")
    new = place.machine(incoming=f"file:{state}")
    while new.ask("query-migrate").get("status") not in ("completed", "failed"):
        pass
    equal(new.ask("query-migrate")["status"], "completed", "the arrival")
    if new.ask("query-status")["status"] != "running":
        new.ask("cont")
    new.free = m.free
    unit.machine = dev.machine = new
    return new


@test("vtd: a machine that is moved translates as before")
def migrate(place):
    m, unit, dev, table = legacy(place)
    page = m.pages()
    unit.map(table, 0x4000, page)
    m.write(page, DATA)
    equal(dev.read(0x4000, 4096), DATA, "what the device read before")
    m = moved(place, m, unit, dev)
    equal(dev.read(0x4000, 4096), DATA, "what it read after")
    dev.write(0x9000, b"nowhere")
    equal(unit.fault().reason, 5, "the reason of a fault")
    completed(unit, unit.flush_all())


@test("vtd: an invalidation that waits for a device is moved with both",
      needs=d.CAN_ATS | d.CAN_ANSWER)
def migrate_ats(place):
    m, unit, dev, table = legacy(place, kind=1)
    for n in range(2):
        unit.map(table, 0x4000 + n * 0x1000, m.pages())
        dev.ask(d.TRANSLATE, source=0x4000 + n * 0x1000)
    dev.control(d.SILENT)
    wait = unit.submit([3 | 0x28 << 32, 0x4000])
    parked = dev.parked
    equal((unit.done(wait), dev.cached), (False, 1), "before")
    moved(place, m, unit, dev)
    equal((unit.done(wait), dev.cached, dev.parked), (False, 1, parked), "after")
    dev.ask(d.ANSWER)
    completed(unit, wait)
    equal(unit.get(vtd.FSTS), 0, "errors")


@test("vtd: a page request is answered after the machine was moved", unit="first",
      needs=d.CAN_PRI | d.CAN_STATUS)
def migrate_pri(place):
    m, unit, dev, _ = with_requests(place)
    dev.ask(d.PAGE_REQUEST, source=0x2000, pasid=5, operand=3, flags=d.PAGE_READ | d.PAGE_LAST)
    moved(place, m, unit, dev)
    equal(len(requests(unit)), 1, "requests in the queue")
    dev.ask(d.FORGET)
    completed(unit, unit.submit([9 | 1 << 4 | 0x28 << 16 | 5 << 32, 3 << 3]))
    event = dev.events()[-1]
    equal((event.kind, event.token, event.code), (d.PAGES, 3, 0), "the answer")


@test("vtd: an invalidation that waits for an open access is complete after a move",
      needs=d.CAN_DRAIN)
def migrate_drain(place):
    m, unit, dev, table = legacy(place)
    unit.map(table, 0x6000, m.pages())
    dev.ask(d.OPEN, source=0x6000, length=4096)
    wait = unit.submit([2 | 3 << 4 | 1 << 16, 0x6000])
    equal((unit.done(wait), dev.held), (False, 1), "before")
    moved(place, m, unit, dev)
    equal((unit.done(wait), dev.held), (True, 0), "after")
