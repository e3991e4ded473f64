# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""RISC-V: the unit as a PCI function and as a platform device, and how each of them interrupts."""
import riscv
from machine import Failure, Virt
from tap import Skip, equal, test

BAR = 0x50000000
FUNCTION = 8  # 00:01.0
CONTROL = 0x42
ENABLE, MASKED = 1 << 15, 1 << 14
TABLE, PBA, ICVEC = 0x300, 0x400, 0x2f8
PLIC_PENDING = 0x0c001000
WIRE = 36
PCI = ("-M", "virt,aia=aplic-imsic", "-device", "iommux-riscv-pci,addr=1.0")
SYS = ("-M", "virt", "-device", "iommux-riscv-sys")


class Place:
    """A machine with a unit in one of its forms."""

    target = "riscv64"

    def __init__(self, qemu, theirs, unit, needs):
        self.binary, self.theirs, self.machines = qemu[self.target], theirs, []

    def machine(self, form, incoming=None):
        if self.theirs:
            raise Skip("tests of our own devices")
        self.machines.append(Virt(self.binary, *form, incoming=incoming))
        return self.machines[-1]

    def function(self):
        """The PCI function; its vector 1 is that of commands, and goes to a page of RAM."""
        m = self.machine(PCI)
        m.write32(m.config(FUNCTION, 0x10), BAR)
        m.write32(m.config(FUNCTION, 0x14), 0)
        m.write32(m.config(FUNCTION, 4), 6)
        unit, page = riscv.Riscv(m, base=BAR), m.pages()
        unit.start()
        unit.set64(ICVEC, 1)
        unit.set64(TABLE + 16, page)
        unit.set(TABLE + 24, 0x1234)
        return m, unit, page

    def close(self):
        for m in self.machines:
            m.close()


def fail(unit):
    """A command that there is not: cqcsr.cmd_ill, which interrupts."""
    unit.set(riscv.CQCSR, 3)
    unit.submit([0x7f, 0])


def control(m, bits):
    m.say(f"writew {m.config(FUNCTION, CONTROL):#x} {bits:#x}")


@test("riscv-pci: MSI-X that is not enabled sends nothing")
def disabled(place):
    _, unit, page = place.function()
    equal(unit.get(TABLE + 28), 1, "vector 1's mask after reset")
    unit.set(TABLE + 28, 0)
    fail(unit)
    equal((unit.get(riscv.IPSR), unit.machine.read32(page)), (1, 0), "ipsr and the message")


@test("riscv-pci: an entry's mask holds a message back")
def entry_masked(place):
    m, unit, page = place.function()
    control(m, ENABLE)
    fail(unit)
    equal((m.read32(page), unit.get64(PBA)), (0, 0), "the message and what the function keeps")
    unit.set(TABLE + 28, 0)
    equal(m.read32(page), 0x1234, "the message")


@test("riscv-pci: the function's mask holds a message back, and says so")
def function_masked(place):
    m, unit, page = place.function()
    control(m, ENABLE | MASKED)
    unit.set(TABLE + 28, 0)
    fail(unit)
    equal((m.read32(page), unit.get64(PBA)), (0, 2), "the message and the pending bits")
    control(m, ENABLE)
    equal((m.read32(page), unit.get64(PBA)), (0x1234, 0), "the message and the pending bits")


@test("riscv-pci: a message that is held back moves with the machine")
def moves(place):
    m, unit, page = place.function()
    control(m, ENABLE | MASKED)
    unit.set(TABLE + 28, 0)
    fail(unit)
    m.ask("migrate", uri=f"file:{m.folder}/state")
    while m.ask("query-migrate")["status"] not in ("completed", "failed"):
        pass
    new = place.machine(PCI, incoming=f"file:{m.folder}/state")
    while new.ask("query-migrate").get("status") not in ("completed", "failed"):
        pass
    equal(new.ask("query-migrate")["status"], "completed", "the arrival")
    equal(new.read64(BAR + PBA), 2, "the pending bits")
    control(new, ENABLE)
    equal(new.read32(page), 0x1234, "the message")


@test("riscv-pci: a reset disables MSI-X")
def reset(place):
    m, _, _ = place.function()
    control(m, ENABLE | MASKED)
    m.ask("system_reset")
    m.wait_for("RESET")
    equal(m.read32(m.config(FUNCTION, 0x40)) >> 16, 3, "MSI-X control")


@test("riscv-sys: a wire is high as long as its cause is there")
def wire(place):
    m = place.machine(SYS)
    unit = riscv.Riscv(m)
    unit.set(riscv.FCTL, 2)
    unit.start()
    unit.set64(ICVEC, 1)

    def high():
        return m.read32(PLIC_PENDING + WIRE // 32 * 4) >> WIRE % 32 & 0xf
    equal(high(), 0, "the wires")
    fail(unit)
    equal(high(), 2, "the wires after a command that there is not")
    unit.set(riscv.CQCSR, 0x403)
    unit.set(riscv.IPSR, 1)
    m.write32(0x0c002000 + WIRE // 32 * 4, 2 << WIRE % 32)  # enabled, for it to be claimed
    m.write32(0x0c000000 + (WIRE + 1) * 4, 1)
    equal(m.read32(0x0c200004), WIRE + 1, "what the hart is told")
    m.write32(0x0c200004, WIRE + 1)
    equal(high(), 0, "the wires when the cause is gone")


@test("riscv-sys: messages go where msi_cfg_tbl says")
def message(place):
    m = place.machine(("-M", "virt,aia=aplic-imsic", *SYS[2:]))
    unit, page = riscv.Riscv(m), m.pages()
    unit.start()
    unit.set64(ICVEC, 1)
    unit.set64(TABLE + 16, page)
    unit.set(TABLE + 24, 0x77)
    unit.set(TABLE + 28, 0)
    fail(unit)
    equal(m.read32(page), 0x77, "the message")


def refused(place, sentence, *form):
    """QEMU does not start, and says why."""
    try:
        place.machine(form)
    except Failure as why:
        if sentence not in str(why):
            raise Failure(f"'{why}' does not say '{sentence}'") from None
        return
    raise Failure(f"QEMU started with {form}")


@test("riscv: a unit that cannot be is refused with a sentence, in both forms")
def bad(place):
    for form in (PCI, SYS):
        for option, sentence in (
                ("vectors=0", "it should be 1, 2, 4, 8 or 16"), ("vectors=3", "vectors"),
                ("pas=63", "PAS"), ("queue-lg2=40", "queue_lg2"),
                ("record=/no/where", "cannot be written")):
            refused(place, sentence, *form[:-1], f"{form[-1]},{option}")
    refused(place, "an IOMMU already", *PCI, "-device", "iommux-riscv-sys")
    refused(place, "should be on a root bus", *PCI[:-1], "pcie-root-port,id=p,chassis=1", "-device",
            "iommux-riscv-pci,bus=p")
    refused(place, "'iommu-sys' should be off", "-M", "virt,iommu-sys=on", *SYS[2:])
