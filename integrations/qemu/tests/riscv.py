# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""A RISC-V IOMMU programmed by hand: registers, directories and commands as the manual has them."""
from types import SimpleNamespace

CAP, FCTL, DDTP, CQB, CQH, CQT, FQB, FQH, FQT, PQB, PQH, PQT = (
    0x00, 0x08, 0x10, 0x18, 0x20, 0x24, 0x28, 0x30, 0x34, 0x38, 0x40, 0x44)
CQCSR, FQCSR, PQCSR, IPSR = 0x48, 0x4c, 0x50, 0x54
MSI_FLAT = 1 << 22
OFF, BARE, ONE, TWO, THREE = range(5)
V, EN_ATS, EN_PRI, PDTV, PRPR = 1, 2, 4, 1 << 5, 1 << 6
LEAF = 0xdf  # valid, readable, writable, executable, user, accessed, dirty
READ_ONLY = 0x53  # valid, readable, user, accessed
SV39, SV48, SV57 = 8, 9, 10
NAPOT = 1 << 63


class Riscv:
    """The unit, with a three-level directory in which one device has an entry."""

    def __init__(self, machine, rid=0x28, base=0x3010000):
        self.machine, self.rid, self.base = machine, rid, base
        self.queue, self.faults, self.requests, self.status = (machine.pages() for _ in range(4))
        self.tail = self.fences = 0

    def get(self, offset):
        return self.machine.read32(self.base + offset)

    def get64(self, offset):
        return self.machine.read64(self.base + offset)

    def set(self, offset, value):
        self.machine.write32(self.base + offset, value)

    def set64(self, offset, value):
        self.machine.write64(self.base + offset, value)

    def wait_for(self, offset, bits):
        """QEMU's own model works at its queues in a thread."""
        for _ in range(1000):
            if self.get(offset) & bits == bits:
                return
        raise AssertionError(f"register {offset:#x} never had {bits:#x}")

    def start(self):
        """Queues of 256, 128 and 256 entries; the directory."""
        m = self.machine
        for register, base, csr, log2 in ((CQB, self.queue, CQCSR, 8), (FQB, self.faults, FQCSR, 7),
                                          (PQB, self.requests, PQCSR, 8)):
            self.set64(register, base >> 12 << 10 | log2 - 1)
            self.set(csr, 1)
            if self.get64(CAP) >> 25 & 1 or csr != PQCSR:
                self.wait_for(csr, 0x10000)
        size = 64 if self.get64(CAP) & MSI_FLAT else 32
        bits = 6 if size == 64 else 7
        root, middle, leaf = (m.pages() for _ in range(3))
        m.write64(root + (self.rid >> bits + 9) * 8, middle >> 12 << 10 | 1)
        m.write64(middle + (self.rid >> bits & 511) * 8, leaf >> 12 << 10 | 1)
        self.context = leaf + (self.rid & (1 << bits) - 1) * size
        self.set64(DDTP, root >> 12 << 10 | THREE)

    def device(self, fsc=0, flags=0, pscid=1, iohgatp=0):
        """The device's context, and the unit forgets an older one."""
        m = self.machine
        m.write64(self.context + 8, iohgatp)
        m.write64(self.context + 16, pscid << 12)
        m.write64(self.context + 24, fsc)
        m.write64(self.context, V | flags)
        self.submit([3 | 1 << 33 | self.rid << 40, 0], [1, 0])

    def process(self, directory, number, table, mode=SV39):
        """A process of a directory with one level (PD8)."""
        m = self.machine
        m.write64(directory + number * 16 + 8, mode << 60 | table >> 12)
        m.write64(directory + number * 16, number << 12 | V)

    def map(self, table, iova, address, size=0x1000, flags=LEAF, levels=3):
        """An entry for 4 KiB, 2 MiB or 1 GiB, and the tables above it; its address."""
        m = self.machine
        leaf = {0x1000: 0, 1 << 21: 1, 1 << 30: 2}[size]
        for level in range(levels - 1, leaf, -1):
            at = table + (iova >> 12 + 9 * level & 511) * 8
            entry = m.read64(at)
            if not entry:
                entry = m.pages() >> 12 << 10 | V
                m.write64(at, entry)
            table = entry >> 10 << 12
        at = table + (iova >> 12 + 9 * leaf & 511) * 8
        m.write64(at, address >> 12 << 10 | flags)
        return at

    def submit(self, *commands):
        """Commands, and a fence behind them that stores its number."""
        self.fences += 1
        place = self.status + self.fences % 512 * 8
        for words in [*commands, [2 | 1 << 10 | self.fences << 32, place >> 2]]:
            for n, word in enumerate(words):
                self.machine.write64(self.queue + self.tail * 16 + n * 8, word)
            self.tail = (self.tail + 1) % 256
        self.set(CQT, self.tail)
        return SimpleNamespace(place=place, number=self.fences)

    def done(self, fence):
        return self.machine.read32(fence.place) == fence.number

    def invalidate(self, iova=None):
        """IOTINVAL.VMA: of a page, or of everything."""
        page = [0, 0] if iova is None else [1 << 10, iova >> 12 << 10]
        return self.submit([1 | page[0], page[1]])

    def ats_invalidate(self, iova, pasid=None):
        tag = 0 if pasid is None else pasid << 12 | 1 << 32
        return self.submit([4 | tag | self.rid << 40, iova & -0x1000])

    def pages_answer(self, group, code=0, pasid=None):
        tag = 0 if pasid is None else pasid << 12 | 1 << 32
        return self.submit([4 | 1 << 7 | tag | self.rid << 40, group << 32 | code << 44])

    def fault(self):
        """The oldest fault record, which is then gone; None when there is none."""
        head = self.get(FQH)
        if head == self.get(FQT):
            return None
        words = [self.machine.read64(self.faults + head * 32 + n * 8) for n in range(4)]
        self.set(FQH, (head + 1) % 128)
        return SimpleNamespace(
            cause=words[0] & 0xfff, pasid=words[0] >> 12 & 0xfffff if words[0] >> 32 & 1 else None,
            kind=words[0] >> 34 & 0x3f, rid=words[0] >> 40, iova=words[2] & -0x1000)

    def page_request(self):
        """The oldest page request, which is then gone; None when there is none."""
        head = self.get(PQH)
        if head == self.get(PQT):
            return None
        words = [self.machine.read64(self.requests + head * 16 + n * 8) for n in range(2)]
        self.set(PQH, (head + 1) % 256)
        return SimpleNamespace(
            pasid=words[0] >> 12 & 0xfffff if words[0] >> 32 & 1 else None, rid=words[0] >> 40,
            read=bool(words[1] & 1), write=bool(words[1] & 2), last=bool(words[1] & 4),
            group=words[1] >> 3 & 0x1ff, page=words[1] & -0x1000)
