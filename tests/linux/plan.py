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
            for variant in MODELS[model].options:
                yield Boot(kernel, model, variant,
                           tuple(s for s in STEPS if s not in NOT_FOR.get(kernel, ())))


def chosen(only):
    """Boots with the steps that a pattern wants; without one, all."""
    for boot in everything():
        if only is None:
            yield boot
            continue
        wanted = [name for name in boot.tests() if fnmatchcase(name, f"*{only}*")]
        if wanted:
            yield boot._replace(steps=tuple(
                s for s in boot.steps if f"{boot.name}/{s}" in wanted))
