# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Machines: which IOMMU, in which mode, and what the kernel is expected to say of it."""
from typing import NamedTuple

# Behind any IOMMU, QEMU may store part of a split ring's element in somebody else's page: docs/qemu.md.
VIRTIO = "disable-legacy=on,iommu_platform=on,packed=on"
# The devices that do the work.  The root port is for the disk that comes and goes.
DEVICES = """
-device nvme,drive=nvme,serial=nvme
-device virtio-blk-pci,drive=virtio,serial=virtio,{virtio}
-device e1000e,netdev=net0
-device virtio-net-pci,netdev=net1,{virtio}
-device pcie-root-port,id=root0,chassis=1,slot=1
-device {plug},bus=root0
-device edu,id=edu,dma_mask=0xffffffffffffffff
"""
PLUG = {"driver": "nvme", "id": "plug", "drive": "plug", "serial": "plug"}
DISKS = ["nvme", "virtio", "plug"]

# Drivers whose devices are looked at after the boot.
DRIVERS = ["nvme", "virtio-pci", "e1000e"]

# QEMU's name of the architecture, its machine, and the kernel's command line.  On a busy host an x86
# kernel may find that its timer is too slow to be believed in; hence no_timer_check.
ARCHITECTURES = {
    "amd64": ("x86_64", "-M q35 -cpu max", "console=ttyS0 no_timer_check"),
    "riscv64": ("riscv64", "-M virt{machine} -cpu max", "console=ttyS0"),
}


class Variant(NamedTuple):
    """A way to use a model."""
    append: str                # to the kernel's command line
    domain: str                # the type of the groups that the devices are in
    says: tuple = ()           # patterns that the kernel's log has to have
    silent: tuple = ()         # and those that it may not have
    interrupts: str = ""       # a pattern for the lines of the disks in /proc/interrupts
    virtio: str = ""           # more options of virtio devices
    machine: str = ""          # more options of the machine
    reasons: dict = None       # of faults, by direction


ON = "DMAR: IOMMU enabled"
QUEUED = "DMAR: dmar0: Using Queued invalidation"
REMAPPING = "DMAR-IR: Enabled IRQ remapping"
XAPIC = REMAPPING + " in xapic mode"
X2APIC = REMAPPING + " in x2apic mode"

# Fault reasons: of the second stage in legacy mode and in scalable mode, and of the first stage; for
# what is not mapped, and for what is mapped for reading only.  Of two stages, kernels choose differently
# for VFIO.
LEGACY_REASONS = {"read": [0x06], "write": [0x05]}
SECOND_REASONS = {"read": [0x79], "write": [0x79, 0x85]}
FIRST_REASONS = {"read": [0x71, 0x79], "write": [0x71, 0x79, 0x85]}

USUAL = Variant("intel_iommu=on", "DMA-FQ", (ON, QUEUED, X2APIC), interrupts="IR-PCI-MSI",
                reasons=LEGACY_REASONS)
VTD = {
    "lazy": USUAL._replace(append="intel_iommu=on iommu.strict=0", says=(ON, QUEUED, XAPIC)),
    "strict": USUAL._replace(append="intel_iommu=on iommu.strict=1", domain="DMA"),
    "caching": USUAL._replace(domain="DMA", says=(ON, QUEUED, X2APIC, "batching disallowed")),
    "scalable": USUAL._replace(append="intel_iommu=on,sm_on iommu.strict=0", reasons=SECOND_REASONS),
    "first-stage": USUAL._replace(append="intel_iommu=on,sm_on iommu.strict=0", reasons=FIRST_REASONS),
    "full": USUAL._replace(append="intel_iommu=on,sm_on iommu.strict=0", reasons=FIRST_REASONS),
    "ats": USUAL._replace(virtio=",ats=on"),
    "pass-through": USUAL._replace(append="intel_iommu=on iommu=pt", domain="identity"),
    "dma-only": USUAL._replace(says=(ON, QUEUED), silent=(REMAPPING,), interrupts=" PCI-MSI"),
    "registers": USUAL._replace(says=(ON, "DMAR: dmar0: Using Register based invalidation"),
                                silent=(REMAPPING,), interrupts=" PCI-MSI"),
}

# A kernel that does not translate has its own domains, too; the function of PCI needs messages.
AIA = ",aia=aplic-imsic"
# QEMU's PLIC, which the machine has without this, forgets a wire that is still up when the handler is
# done: NVMe disks, which share one, then wait for their time-out.
WIRES = ",aia=aplic"
RISCV_PCI = {"msi": Variant("", "identity", (r"iommu_pci \S+: enabling device",), machine=AIA)}
RISCV_SYS = {
    "msi": Variant("", "identity", (r"riscv,iommu.*: using MSIs",), machine=AIA),
    "wired": Variant("", "identity", (r"riscv,iommu.*: using wire-signaled interrupts",),
                     machine=WIRES),
    "translated": Variant("", "DMA", (r"riscv,iommu.*: using wire-signaled interrupts",),
                          machine=WIRES),
}


class Model(NamedTuple):
    arch: str
    stock: str                 # the model of QEMU's own that stands beside it, or itself
    options: dict              # variant: QEMU's words for it
    variants: dict


MODELS = {
    "intel-iommu": Model("amd64", "intel-iommu", {
        "lazy": "-device intel-iommu,intremap=on,eim=off",
        "strict": "-device intel-iommu,intremap=on,eim=on",
        "caching": "-device intel-iommu,intremap=on,eim=on,caching-mode=on",
        "scalable": "-device intel-iommu,intremap=on,eim=on,x-scalable-mode=on,aw-bits=48",
        "first-stage": "-device intel-iommu,intremap=on,eim=on,x-scalable-mode=on,x-flts=on,"
                       "aw-bits=48",
        "ats": "-device intel-iommu,intremap=on,eim=on,device-iotlb=on",
        "pass-through": "-device intel-iommu,intremap=on,eim=on",
        "dma-only": "-device intel-iommu,intremap=off",
    }, VTD),
    "iommux-vtd": Model("amd64", "intel-iommu", {
        "lazy": "-device iommux-vtd,eim=off",
        "strict": "-device iommux-vtd",
        "caching": "-device iommux-vtd,caching-mode=on",
        "scalable": "-device iommux-vtd,profile=scalable,first-stage=off",
        "first-stage": "-device iommux-vtd,profile=scalable",
        "full": "-device iommux-vtd,profile=full",
        "ats": "-device iommux-vtd",
        "pass-through": "-device iommux-vtd",
        "dma-only": "-device iommux-vtd,intremap=off",
        "registers": "-device iommux-vtd,queued-invalidation=off",
    }, VTD),
    "riscv-iommu-pci": Model("riscv64", "riscv-iommu-pci", {
        "msi": "-device riscv-iommu-pci,addr=1.0",
    }, RISCV_PCI),
    "iommux-riscv-pci": Model("riscv64", "riscv-iommu-pci", {
        "msi": "-device iommux-riscv-pci,addr=1.0",
    }, RISCV_PCI),
    "riscv-iommu-sys": Model("riscv64", "riscv-iommu-sys", {
        "msi": "",
    }, {"msi": RISCV_SYS["msi"]._replace(machine=AIA + ",iommu-sys=on")}),
    "iommux-riscv-sys": Model("riscv64", "riscv-iommu-sys", {
        "msi": "-device iommux-riscv-sys",
        "wired": "-device iommux-riscv-sys",
        # Linux 7.2 asks its tables for Svpbmt where the unit has it; they know nothing of it, and all
        # devices are refused.
        "translated": "-device iommux-riscv-sys,svpbmt=off",
    }, RISCV_SYS),
}


def wire(folder, end):
    """An end of the wire between the two network cards: sockets, so that none runs inside the other."""
    return (f"dgram,id=net{end},local.type=unix,local.path={folder}/wire{end},"
            f"remote.type=unix,remote.path={folder}/wire{1 - end}")


def words(model, variant, kernel, folder, initramfs, record=None):
    """QEMU's command line but for the program itself; and what the kernel is told.

    record: the file in which the unit is recorded, if it is one of ours.
    """
    how = MODELS[model].variants[variant]
    unit = MODELS[model].options[variant] + (f",record={record}" if record else "")
    _, machine, append = ARCHITECTURES[MODELS[model].arch]
    plug = ",".join([PLUG["driver"]] + [f"{k}={v}" for k, v in PLUG.items() if k != "driver"])
    line = (machine.format(machine=how.machine) + " -accel tcg -smp 2 -m 1G -nodefaults -display none"
            " -no-reboot -serial stdio " + unit
            + DEVICES.format(virtio=VIRTIO + how.virtio, plug=plug)
            + f" -netdev {wire(folder, 0)} -netdev {wire(folder, 1)}").split()
    for disk in DISKS:
        line += ["-blockdev", f"driver=raw,node-name={disk},file.driver=file,"
                              f"file.filename={folder}/{disk}.img"]
    return line + ["-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-kernel", str(kernel.image),
                   "-initrd", str(initramfs), "-append", f"{append} printk.devkmsg=on panic=-1 {how.append}".strip()]


def ours(model):
    return MODELS[model].stock != model


def target(model):
    return ARCHITECTURES[MODELS[model].arch][0]
