# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""RISC-V: what a device meets, and what software is told."""
import device as d
import riscv
from machine import Failure, Virt
from tap import Skip, equal, test

DATA = bytes(range(256)) * 16
BAR = 0x50000000  # of a unit that is a PCI function
OURS = ("-M", "virt,aia=aplic-imsic", "-device", "iommux-riscv-pci,addr=1.0")
THEIRS = ("-M", "virt,aia=aplic-imsic", "-device", "riscv-iommu-pci,addr=1.0")


class Place:
    """A machine with a unit, the test device, and a way to make more of them."""
    target = "riscv64"

    def __init__(self, qemu, theirs, unit, needs):
        self.binary, self.theirs, self.needs, self.machines = qemu[self.target], theirs, needs, []

    def machine(self, incoming=None):
        m = Virt(self.binary, *(THEIRS if self.theirs else OURS), "-device",
                 "iommux-testdev,addr=5.0,id=t0", incoming=incoming)
        self.machines.append(m)
        return m

    def begin(self):
        """The unit, started, and the device behind it, with a page table of its own."""
        m = self.machine()
        m.write32(m.config(8, 0x10), BAR)
        m.write32(m.config(8, 0x14), 0)
        m.write32(m.config(8, 4), 6)
        dev = d.TestDevice(m)
        dev.set_up()
        lacks = self.needs & ~dev.features
        if lacks:
            raise Skip(f"the device cannot do {lacks:#x} in front of this IOMMU")
        unit = riscv.Riscv(m, base=BAR)
        unit.start()
        return m, unit, dev

    def close(self):
        for m in self.machines:
            m.close()


def single(place, mode=riscv.SV39, flags=0):
    m, unit, dev = place.begin()
    table = m.pages()
    unit.device(fsc=mode << 60 | table >> 12, flags=flags)
    return m, unit, dev, table


def completed(unit, fence):
    """QEMU's own model is done some time later."""
    for _ in range(1000):
        if unit.done(fence):
            return
    raise Failure("the fence has not completed")


@test("riscv: off, nothing passes (256); bare, all does")
def modes(place):
    m, unit, dev = place.begin()
    page = m.pages()
    unit.set64(riscv.DDTP, riscv.OFF)
    equal(dev.read(page, 4), None, "what the device read while the unit was off")
    equal(unit.fault().cause, 256, "the cause")
    unit.set64(riscv.DDTP, riscv.BARE)
    equal(dev.write(page, DATA).status, d.DONE, "the write")
    equal(m.read(page, 4096), DATA, "memory")


def sizes(place, mode, levels, size):
    m, unit, dev, table = single(place, mode)
    iova, offset = 0x40000000 + size, size - 0x3000
    # RAM is 256 MiB: of a larger page, the part that there is.
    base = m.ram if size == 1 << 30 else m.pages(2 * size >> 12, size)
    offset = offset if size < 1 << 30 else m.pages(2) - base
    unit.map(table, iova, base, size, levels=levels)
    equal(dev.write(iova + offset, DATA[:size]).status, d.DONE, "the write")
    equal(m.read(base + offset, 4096), DATA, "memory")
    equal(unit.fault(), None, "a fault")


for name, mode, levels in (("Sv39", 8, 3), ("Sv48", 9, 4), ("Sv57", 10, 5)):
    test(f"riscv: {name}, a page of 4 KiB")(
        lambda place, mode=mode, levels=levels: sizes_small(place, mode, levels))
for name, size in (("2 MiB", 1 << 21), ("1 GiB", 1 << 30)):
    test(f"riscv: a page of {name}")(lambda place, size=size: sizes(place, 8, 3, size))


def sizes_small(place, mode, levels):
    m, unit, dev, table = single(place, mode)
    first, second = m.pages(), m.pages()
    unit.map(table, 0x10000, second, levels=levels)
    unit.map(table, 0x11000, first, levels=levels)
    equal(dev.write(0x10800, DATA).status, d.DONE, "the write")
    equal(m.read(second + 0x800, 0x800) + m.read(first, 0x800), DATA, "memory")


@test("riscv: a NAPOT entry is 64 KiB", theirs="takes the N bit for an address")
def napot(place):
    m, unit, dev, table = single(place)
    base = m.pages(16, 1 << 16)
    for n in range(16):
        unit.map(table, 0x30000 + n * 0x1000, base | 0x8000, flags=riscv.LEAF | riscv.NAPOT)
    equal(dev.write(0x3d000, DATA).status, d.DONE, "the write")
    equal(m.read(base + 0xd000, 4096), DATA, "memory")


@test("riscv: faults say why (258, 13, 15)")
def faults(place):
    m, unit, dev = place.begin()
    dev.read(0x1000, 4)
    fault = unit.fault()
    equal((fault.cause, fault.rid), (258, 0x28), "without a device context")
    table = m.pages()
    unit.device(fsc=riscv.SV39 << 60 | table >> 12)
    unit.map(table, 0x2000, m.pages(), flags=riscv.READ_ONLY)
    dev.write(0x2000, b"1234")
    fault = unit.fault()
    equal((fault.cause, fault.kind, fault.iova), (15, 3, 0x2000), "a write to a read-only page")


@test("riscv: a read that is refused is recorded as one (13)",
      theirs="records a read as a write")
def read_fault(place):
    _, unit, dev, _ = single(place)
    dev.read(0x7000, 4)
    fault = unit.fault()
    equal((fault.cause, fault.kind, fault.iova), (13, 2, 0x7000), "the record")


@test("riscv: the device hears the code of a fault", needs=d.CAN_STATUS)
def heard(place):
    _, _, dev, _ = single(place)
    dev.read(0x7000, 4)
    equal((dev.answer.status, dev.answer.fault), (d.UNSUPPORTED, 13), "the answer")


@test("riscv: an old translation holds no longer than until it is invalidated")
def stale(place):
    m, unit, dev, table = single(place)
    first, second = m.pages(), m.pages()
    m.write(second, b"other page")
    unit.map(table, 0x9000, first)
    equal(dev.read(0x9000, 10), bytes(10), "what the device read")
    unit.map(table, 0x9000, second)
    completed(unit, unit.invalidate(0x9000))
    equal(dev.read(0x9000, 10), b"other page", "what the device read after it")


@test("riscv: processes have address spaces of their own")
def processes(place):
    m, unit, dev = place.begin()
    directory = m.pages()
    unit.device(fsc=1 << 60 | directory >> 12, flags=riscv.PDTV)
    for number in (3, 200):
        table, page = m.pages(), m.pages()
        unit.process(directory, number, table)
        unit.map(table, 0x1000, page)
        m.write(page, b"process %3d" % number)
    equal(dev.read(0x1000, 11, pasid=3), b"process   3", "what the device read with PASID 3")
    equal(dev.read(0x1000, 11, pasid=200), b"process 200", "with PASID 200")
    equal(dev.read(0x1000, 11, pasid=4), None, "with a PASID that is not there")
    fault = unit.fault()
    equal((fault.cause, fault.pasid), (266, 4), "the record")


@test("riscv: a fence completes when the access that is open ends", needs=d.CAN_DRAIN)
def drain(place):
    m, unit, dev, table = single(place)
    page = m.pages()
    entry = unit.map(table, 0x6000, page)
    equal(dev.ask(d.OPEN, source=0x6000, length=4096, flags=d.WRITING).status, d.DONE, "the open")
    m.write64(entry, 0)
    fence = unit.invalidate(0x6000)
    equal(unit.done(fence), False, "the fence while the access is open")
    equal(dev.write(0x10, b"late", flags=d.HELD).status, d.DONE, "a write inside of it")
    equal(m.read(page + 0x10, 4), b"late", "memory")
    dev.ask(d.CLOSE)
    completed(unit, fence)
    equal(dev.read(0x6000, 4), None, "a new access")


@test("riscv: translation requests, translated requests, and a cache",
      needs=d.CAN_ATS | d.CAN_STATUS)
def ats(place):
    m, unit, dev, table = single(place, flags=riscv.EN_ATS)
    page = m.pages()
    entry = unit.map(table, 0x4000, page)
    answer = dev.ask(d.TRANSLATE, source=0x4123)
    equal((answer.status, answer.result & -0x1000, answer.extent, answer.granted & 7),
          (d.DONE, page, 0x1000, d.R | d.W), "the answer")
    equal(dev.write(0x4000, DATA, flags=d.CACHED).status, d.DONE, "a write through the cache")
    equal(m.read(page, 4096), DATA, "memory")
    m.write64(entry, 0)
    completed(unit, unit.invalidate(0x4000))
    equal(dev.read(0x4000, 4096, flags=d.CACHED), DATA, "what the device read")
    answer = dev.ask(d.TRANSLATE, source=0x9000)
    equal((answer.status, answer.granted & 3), (d.DONE, 0), "of a page that is not there")


@test("riscv: ATS.INVAL waits for its answer", needs=d.CAN_ATS | d.CAN_ANSWER)
def ats_invalidate(place):
    m, unit, dev, table = single(place, flags=riscv.EN_ATS)
    for n in range(2):
        unit.map(table, 0x4000 + n * 0x1000, m.pages())
        dev.ask(d.TRANSLATE, source=0x4000 + n * 0x1000)
    completed(unit, unit.ats_invalidate(0x4000))
    equal(dev.cached, 1, "translations kept after one page")
    dev.control(d.SILENT)
    fence = unit.ats_invalidate(0x5000)
    equal((unit.done(fence), dev.cached), (False, 0), "without an answer")
    dev.ask(d.ANSWER)
    completed(unit, fence)


@test("riscv: a device that never answers is a time-out (cmd_to)",
      needs=d.CAN_ATS | d.CAN_ANSWER)
def time_out(place):
    m, unit, dev, table = single(place, flags=riscv.EN_ATS)
    unit.map(table, 0x4000, m.pages())
    dev.ask(d.TRANSLATE, source=0x4000)
    dev.control(d.SILENT)
    fence = unit.ats_invalidate(0x4000)
    for _ in range(91):
        m.say("clock_step 1000000000")
    equal((unit.get(riscv.CQCSR) >> 9 & 1, unit.done(fence)), (1, False), "cmd_to")


@test("riscv: page requests are asked and answered", needs=d.CAN_PRI | d.CAN_STATUS)
def pri(place):
    _, unit, dev, _ = single(place, flags=riscv.EN_ATS | riscv.EN_PRI)
    dev.ask(d.PAGE_REQUEST, source=0x2000, operand=300, flags=d.PAGE_READ | d.PAGE_LAST)
    request = unit.page_request()
    equal((request.rid, request.group, request.page, request.read, request.write, request.last),
          (0x28, 300, 0x2000, True, False, True), "the request")
    equal(dev.told, 0, "answers so far")
    completed(unit, unit.pages_answer(300))
    event = dev.events()[-1]
    equal((event.kind, event.token, event.code), (d.PAGES, 300, 0), "the answer")


@test("riscv: a page request that is not allowed is answered at once (260)",
      needs=d.CAN_PRI | d.CAN_STATUS)
def pri_refused(place):
    _, unit, dev, _ = single(place, flags=riscv.EN_ATS)
    dev.ask(d.PAGE_REQUEST, source=0x2000, operand=9, flags=d.PAGE_READ | d.PAGE_LAST)
    event = dev.events()[-1]
    equal((event.kind, event.token, event.code), (d.PAGES, 9, 1), "the answer")
    equal(unit.fault().cause, 260, "the cause")


def message_table(place, entry):
    """A device context whose pages from 0x28000000 on are interrupt files: one, by `entry`."""
    m, unit, dev = place.begin()
    table, stage2 = m.pages(), m.pages(4, 0x4000)
    for n, word in enumerate(entry(m)):
        m.write64(table + n * 8, word)
    m.write64(unit.context + 32, 1 << 60 | table >> 12)
    m.write64(unit.context + 40, 0)
    m.write64(unit.context + 48, 0x28000)
    unit.device(iohgatp=8 << 60 | stage2 >> 12)
    return m, unit, dev


@test("riscv: a message goes to the page of its entry")
def message(place):
    pages = []

    def entry(m):
        pages.append(m.pages())
        return pages[0] >> 12 << 10 | 3 << 1 | 1, 0
    m, unit, dev = message_table(place, entry)
    dev.ask(d.MESSAGE, destination=0x28000000, operand=0x55)
    equal(m.read32(pages[0]), 0x55, "memory")
    dev.ask(d.MESSAGE, destination=0x28001000, operand=0x55)
    equal(unit.fault().cause, 23, "the cause of another page")


@test("riscv: a message to an interrupt file in memory is a bit there, and a notice",
      theirs="sets no bit of such a file")
def file_in_memory(place):
    pages = []

    def entry(m):
        pages.extend((m.pages(), m.pages()))
        return pages[0] >> 9 << 7 | 1 << 1 | 1, pages[1] >> 12 << 10 | 77
    m, _, dev = message_table(place, entry)
    dev.ask(d.MESSAGE, destination=0x28000000, operand=70)
    equal(m.read64(pages[0] + 16), 1 << 6, "pending bits of 64..127")
    equal(m.read32(pages[1]), 77, "the notice")


@test("riscv: who keeps translations is told what was invalidated",
      theirs="tells nobody of its own cache")
def notifier(place):
    m, unit, dev, table = single(place)
    equal(dev.ask(d.WATCH, operand=d.WATCH_UNMAP).status, d.DONE, "the notifier")
    unit.map(table, 0x40000, m.pages())
    dev.read(0x40000, 4)
    before = dev.told
    completed(unit, unit.invalidate(0x40000))
    told = dev.events(before)
    if not any(e.kind == d.UNMAPPED and d.covers(e, 0x40000) for e in told):
        raise Failure(f"nothing of 0x40000 in {told}")


@test("riscv: nobody can be told of pages that are mapped", theirs="accepts and never tells")
def notifier_refused(place):
    _, _, dev, _ = single(place)
    equal(dev.ask(d.WATCH, operand=d.WATCH_UNMAP | d.WATCH_MAP).status, d.REFUSED, "the notifier")


@test("riscv: a machine is moved while an invalidation waits for the device",
      needs=d.CAN_ATS | d.CAN_ANSWER)
def migrate(place):
    m, unit, dev, table = single(place, flags=riscv.EN_ATS)
    page = m.pages()
    unit.map(table, 0x4000, page)
    m.write(page, DATA)
    dev.ask(d.TRANSLATE, source=0x4000)
    dev.control(d.SILENT)
    fence = unit.ats_invalidate(0x4000)
    m.ask("migrate", uri=f"file:{m.folder}/state")
    while m.ask("query-migrate")["status"] not in ("completed", "failed"):
        pass
    equal(m.ask("query-migrate")["status"], "completed", "the migration")
    new = place.machine(incoming=f"file:{m.folder}/state")
    while new.ask("query-migrate").get("status") not in ("completed", "failed"):
        pass
    equal(new.ask("query-migrate")["status"], "completed", "the arrival")
    if new.ask("query-status")["status"] != "running":
        new.ask("cont")
    unit.machine = dev.machine = new
    equal((unit.done(fence), bin(dev.parked).count("1")), (False, 1), "after the move")
    equal(dev.read(0x4000, 4096), DATA, "what the device read")
    dev.ask(d.ANSWER)
    completed(unit, fence)
