# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""What is run: every kernel with every model in every variant, and the steps of each."""
from fnmatch import fnmatchcase
from typing import NamedTuple

from .kernels import KERNELS
from .machines import MODELS

# Name: seconds, and the guest's words for it (guest/steps, guest/userspace).  A busy host may take ten
# times what an idle one does.
STEPS = {
    "nvme-read": (90, "reads nvme"),
    "virtio-read": (90, "reads virtio"),
    "nvme-write": (90, "writes nvme"),
    "virtio-write": (90, "writes virtio"),
    "nvme-churn": (120, "churns nvme"),
    "virtio-churn": (120, "churns virtio"),
    "together": (180, "together nvme virtio plug"),
    "network": (120, "transfers"),
    "rebind": (90, "rebinds nvme"),
    "rebind-virtio": (90, "rebinds virtio"),
    "reload": (90, "reloads"),
    "rescan": (90, "rescans virtio"),
    "vfio": (120, "lends good"),
    "faults": (120, "lends bad"),
    "owns": (300, "owns group"),
    "owns-file": (300, "owns file"),
    "iommufd": (300, "selftest iommufd"),
    "iommufd-fail": (300, "selftest iommufd_fail_nth"),
    "vfio-dma": (180, "selftest_with vfio_dma_mapping_test"),
    "vfio-dma-mmio": (180, "selftest_with vfio_dma_mapping_mmio_test"),
    "vfio-iommufd": (180, "selftest_with vfio_iommufd_setup_test"),
    "vfio-pci": (180, "selftest_with vfio_pci_device_test"),
    "replug": (120, "replugs"),
}
# These are judged by the host, when all is over.
FIRST, LAST = "boot", "quiet"

# Steps that need /dev/iommu, which no kernel of Debian's has.
IOMMUFD = {"owns-file", "iommufd", "iommufd-fail", "vfio-dma", "vfio-dma-mmio", "vfio-iommufd",
           "vfio-pci"}

# Steps that a kernel cannot do.
NOT_FOR = {
    "amd64-bookworm": IOMMUFD,
    "amd64-backports": IOMMUFD,
    "amd64-sid": IOMMUFD,
    # Drivers are built in; no name spaces, no hot-plug.
    "amd64-iommufd": {"replug", "network", "reload"},
    # No hot-plug, and VFIO refuses all devices.
    "riscv64-sid": {"replug", "vfio", "faults", "owns", *IOMMUFD},
    # And drivers are built in, there are no name spaces.
    "riscv64-dma": {"replug", "vfio", "faults", "owns", "network", "reload", *IOMMUFD},
}

# Variants for kernels of our own configuration; the others' are all but "translated".
OWN = {
    "amd64-iommufd": {"strict", "scalable", "first-stage", "full"},
    "riscv64-dma": {"translated"},
}

# A step that takes long, where page tables or invalidations differ.
OWNS = {"strict", "caching", "scalable", "first-stage", "full"}

# What a test of QEMU's own models does not pass, and why: it is shown, and not counted.
QEMU_FAULTS = (
    "QEMU records no fault for a write through a translation that is cached for reading, nor a "
    "device's next while one of it is pending; in scalable mode it records the PASID 0 of requests "
    "that have none, and reasons of legacy mode")
KNOWN = [(f"*/intel-iommu/*/{step}", QEMU_FAULTS) for step in ("faults", "owns", "owns-file")]
KNOWN.append(("amd64-bookworm/intel-iommu/first-stage/quiet",
              "Linux 6.1 warns of the alignment of its own invalidations (qi_flush_piotlb) where VFIO "
              "has first-stage tables"))

# One boot for each thing that is not like the others.
QUICK = ["amd64-bookworm/iommux-vtd/lazy", "amd64-backports/iommux-vtd/strict",
         "amd64-backports/iommux-vtd/first-stage", "amd64-backports/intel-iommu/strict",
         "amd64-sid/iommux-vtd/full", "amd64-sid/iommux-vtd/registers",
         "riscv64-sid/iommux-riscv-pci/msi", "riscv64-sid/iommux-riscv-sys/msi"]


class Boot(NamedTuple):
    kernel: str
    model: str
    variant: str
    steps: tuple               # of STEPS

    @property
    def name(self):
        return f"{self.kernel}/{self.model}/{self.variant}"

    def tests(self):
        """Names of the tests of this boot."""
        return [f"{self.name}/{step}" for step in (FIRST, *self.steps, LAST)]


def everything():
    for kernel, (arch, _) in KERNELS.items():
        for model in MODELS:
            if MODELS[model].arch != arch:
                continue
            for variant in MODELS[model].variants:
                wanted = variant in OWN[kernel] if kernel in OWN else variant != "translated"
                if wanted and variant in MODELS[model].options:
                    yield Boot(kernel, model, variant,
                               tuple(s for s in STEPS if s not in NOT_FOR[kernel]
                                     and (s != "owns" or variant in OWNS)))


def known(test):
    """Why this test is not counted, or None."""
    return next((why for pattern, why in KNOWN if fnmatchcase(test, pattern)), None)


def chosen(only, quick):
    """Boots with the steps that one of the patterns wants; without any, all."""
    for boot in everything():
        if quick:
            if boot.name not in QUICK:
                continue
            boot = boot._replace(steps=tuple(s for s in boot.steps if s != "owns"))
        if not only:
            yield boot
            continue
        wanted = {name for name in boot.tests() for part in only
                  if fnmatchcase(name, f"*{part}*")}
        if wanted:
            yield boot._replace(steps=tuple(s for s in boot.steps if f"{boot.name}/{s}" in wanted))
