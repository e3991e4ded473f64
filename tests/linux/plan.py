# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""What is run: every kernel with every model in every variant, and the steps of each."""
from fnmatch import fnmatchcase
from typing import NamedTuple

from .kernels import KERNELS
from .machines import MODELS

# Name: seconds, and the guest's words for it (guest/steps).
STEPS = {
    "nvme-read": (60, "reads nvme"),
    "virtio-read": (60, "reads virtio"),
    "nvme-write": (60, "writes nvme"),
    "virtio-write": (60, "writes virtio"),
    "nvme-churn": (90, "churns nvme"),
    "virtio-churn": (90, "churns virtio"),
    "together": (120, "together nvme virtio plug"),
    "network": (90, "transfers"),
    "rebind": (60, "rebinds nvme"),
    "rebind-virtio": (60, "rebinds virtio"),
    "reload": (60, "reloads"),
    "rescan": (60, "rescans virtio"),
    "vfio": (90, "lends good"),
    "faults": (90, "lends bad"),
    "replug": (90, "replugs"),
}
# These are judged by the host, when all is over.
FIRST, LAST = "boot", "quiet"

# Steps that a kernel cannot do.
NOT_FOR = {
    # No hot-plug, and VFIO refuses all devices.
    "riscv64-sid": {"replug", "vfio", "faults"},
    # Drivers are built in, there are no name spaces.
    "riscv64-dma": {"replug", "vfio", "faults", "network", "reload"},
}


# What a test of QEMU's own models does not pass, and why: it is shown, and not counted.
KNOWN = [
    ("*/intel-iommu/*/faults",
     "QEMU records no fault for a write through a translation that is cached for reading; in scalable "
     "mode it records the PASID 0 of requests that have none, and reasons of legacy mode"),
]

# One boot for each thing that is not like the others.
QUICK = ["amd64-bookworm/iommux-vtd/lazy", "amd64-backports/iommux-vtd/strict",
         "amd64-backports/iommux-vtd/first-stage", "amd64-backports/intel-iommu/strict",
         "amd64-sid/iommux-vtd/full", "amd64-sid/iommux-vtd/registers",
         "riscv64-sid/iommux-riscv-pci/msi", "riscv64-sid/iommux-riscv-sys/wired"]


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
    for kernel, (arch, suite) in KERNELS.items():
        for model in MODELS:
            if MODELS[model].arch != arch:
                continue
            for variant, how in MODELS[model].variants.items():
                if variant not in MODELS[model].options or how.own != (suite is None):
                    continue
                yield Boot(kernel, model, variant,
                           tuple(s for s in STEPS if s not in NOT_FOR.get(kernel, ())))


def known(test):
    """Why this test is not counted, or None."""
    return next((why for pattern, why in KNOWN if fnmatchcase(test, pattern)), None)


def chosen(only, quick):
    """Boots with the steps that a pattern wants; without one, all."""
    for boot in everything():
        if quick and boot.name not in QUICK:
            continue
        if only is None:
            yield boot
            continue
        wanted = {name for name in boot.tests() if fnmatchcase(name, f"*{only}*")}
        if wanted:
            yield boot._replace(steps=tuple(s for s in boot.steps if f"{boot.name}/{s}" in wanted))
