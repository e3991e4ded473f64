# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""A VT-d unit programmed by hand: registers, tables and descriptors as the manual has them."""
from types import SimpleNamespace

GCMD, GSTS, RTADDR, FSTS, IQH, IQT, IQA, IRTA = 0x18, 0x1c, 0x20, 0x34, 0x80, 0x88, 0x90, 0xb8
PQH, PQT, PQA, PRS = 0xc0, 0xc8, 0xd0, 0xdc
TE, SRTP, QIE, IRE, SIRTP, CFI = (1 << n for n in (31, 30, 26, 25, 24, 23))
R, W, LARGE = 1, 2, 1 << 7
FS_LEAF = 0x67  # present, writable, user, accessed, dirty

LEGACY, SCALABLE = 0, 0x400
FIRST, SECOND, NESTED, PASS = 1, 2, 3, 4  # PGTT


class Vtd:
    """The unit, with one device's tables.  Page tables have four levels."""

    def __init__(self, machine, rid=0x28, base=0xfed90000, scalable=False):
        self.machine, self.rid, self.base, self.scalable = machine, rid, base, scalable
        self.bytes = 32 if scalable else 16  # of a descriptor
        self.root, self.context, self.queue, self.status = (machine.pages() for _ in range(4))
        self.tail = 0
        self.waits = 0

    # registers

    def get(self, offset):
        return self.machine.read32(self.base + offset)

    def get64(self, offset):
        return self.machine.read64(self.base + offset)

    def command(self, bit, on=True):
        """GCMD: one bit besides those that are on."""
        levels = self.get(GSTS) & 0x96ffffff
        self.machine.write32(self.base + GCMD, levels | bit if on else levels & ~bit)

    def start(self, translate=True):
        m = self.machine
        m.write64(self.root, self.context | 1)
        m.write64(self.base + IQT, 0)
        m.write64(self.base + IQA, self.queue | (0x800 if self.scalable else 0))
        self.command(QIE)
        m.write64(self.base + RTADDR, self.root | (SCALABLE if self.scalable else LEGACY))
        self.command(SRTP)
        self.flush_all()
        if translate:
            self.command(TE)

    # tables

    def legacy(self, table, domain=1, kind=0, width=2):
        """The device's context entry: kind 1 also allows translation requests."""
        at = self.context + (self.rid & 0xff) * 16
        self.machine.write64(at + 8, domain << 8 | width)
        self.machine.write64(at, table | kind << 2 | 1)

    def scalable_context(self, directory, flags=0, rid_pasid=0):
        """DTE 4, PASIDE 8, PRE 16 in `flags`; a directory for 2^13 PASIDs."""
        at = self.context + (self.rid & 0x7f) * 32
        self.machine.write64(at + 8, rid_pasid)
        self.machine.write64(at, directory | flags | 1)

    def pasid(self, directory, number, table, domain=1, kind=SECOND):
        """A PASID table entry, and the directory's for it."""
        m = self.machine
        entries = m.read64(directory + (number >> 6) * 8) & -0x1000
        if not entries:
            entries = m.pages()
            m.write64(directory + (number >> 6) * 8, entries | 1)
        at = entries + (number & 63) * 64
        m.write64(at + 8, domain)
        if kind == FIRST:
            m.write64(at + 16, table)
            m.write64(at, kind << 6 | 1)
        else:
            m.write64(at, table | kind << 6 | 2 << 2 | 1)

    def map(self, table, iova, address, size=0x1000, flags=R | W, first=False):
        """An entry for 4 KiB, 2 MiB or 1 GiB, and the tables above it."""
        m = self.machine
        leaf = {0x1000: 1, 1 << 21: 2, 1 << 30: 3}[size]
        for level in range(4, leaf, -1):
            at = table + (iova >> 12 + 9 * (level - 1) & 511) * 8
            table = m.read64(at) & -0x1000
            if not table:
                table = m.pages()
                m.write64(at, table | (FS_LEAF & ~0x40 if first else R | W))
        at = table + (iova >> 12 + 9 * (leaf - 1) & 511) * 8
        m.write64(at, address | flags | (LARGE if leaf > 1 else 0))
        return at

    # queue

    def submit(self, *descriptors):
        """Descriptors as lists of words, and a wait behind them: where it stores which number."""
        self.waits += 1
        place = self.status + self.waits % 512 * 8
        wait = [5 | 1 << 5 | self.waits << 32, place]
        for words in [*descriptors, wait]:
            words = (list(words) + [0, 0])[:self.bytes // 8]
            for n, word in enumerate(words):
                self.machine.write64(self.queue + self.tail + n * 8, word)
            self.tail = (self.tail + self.bytes) % 0x1000
        self.machine.write64(self.base + IQT, self.tail)
        return SimpleNamespace(place=place, number=self.waits)

    def done(self, wait):
        return self.machine.read32(wait.place) == wait.number

    def flush_all(self):
        """Context entries, PASID entries, translations."""
        first = [[1 | 1 << 4, 0]]
        if self.scalable:
            first.append([7 | 3 << 4, 0])
        return self.submit(*first, [2 | 1 << 4, 0])

    # faults

    def fault(self):
        """The oldest pending fault record, which is then free again; None when there is none."""
        fro = (self.get64(8) >> 24 & 0x3ff) * 16
        count = (self.get64(8) >> 40 & 0xff) + 1
        for n in range(count):
            index = ((self.get(FSTS) >> 8 & 0xff) + n) % count
            at = self.base + fro + 16 * index
            low, high = self.machine.read64(at), self.machine.read64(at + 8)
            if high >> 63:
                self.machine.write32(at + 12, 0x80000000)
                return SimpleNamespace(
                    page=low & -0x1000, sid=high & 0xffff, reason=high >> 32 & 0xff,
                    write=not high >> 62 & 1, at=high >> 60 & 3,
                    pasid=high >> 40 & 0xfffff if high >> 31 & 1 else None)
        return None
