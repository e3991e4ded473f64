# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""What guests start from: BusyBox, modules, programs of ours, and a plan for each boot."""
import subprocess
from pathlib import Path

from . import cpio, userspace
from .kernels import ROOT, Wrong, unpacked

GUEST = Path(__file__).resolve().parent / "guest"
OUT = ROOT / "build/linux"
COMPILERS = {"amd64": "gcc", "riscv64": "riscv64-linux-gnu-gcc"}
PROGRAMS = ["disk", "edu"]
MODULES = ["virtio_pci", "nvme", "virtio_blk", "virtio_net", "e1000e", "vfio_iommu_type1", "vfio_pci"]


def busybox(arch):
    folder = unpacked("busybox-static", "sid", arch)
    for inside in ("usr/bin/busybox", "bin/busybox"):
        if (folder / inside).exists() and (data := (folder / inside).read_bytes())[:4] == b"\x7fELF":
            return data
    raise Wrong(f"{folder} of package busybox-static has no busybox, or what is no program; remove "
                "the folder, and it will be unpacked again")


def program(name, arch):
    """A program of guest/, compiled; the path."""
    path = OUT / "programs" / arch / name
    source = GUEST / f"{name}.c"
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        path.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([COMPILERS[arch], "-std=gnu11", "-O2", "-static", "-Wall", "-Wextra",
                               "-Werror", "-o", path, source], text=True, stderr=subprocess.PIPE)
        if done.returncode:
            raise Wrong(f"{source} does not compile for {arch}:\n{done.stderr}")
    return path


def base(kernel, steps):
    """What boots of a kernel with these steps have in common."""
    modules = kernel.ordered(MODULES)
    files = {"bin/busybox": busybox(kernel.arch),
             "init": (GUEST / "init").read_bytes(),
             "steps": (GUEST / "steps").read_bytes(),
             "userspace": (GUEST / "userspace").read_bytes(),
             "modules/order": "\n".join(modules).encode()}
    files.update({f"bin/{name}": program(name, kernel.arch).read_bytes() for name in PROGRAMS})
    files.update({f"bin/{name}": path.read_bytes() for name, path in userspace.needed(steps)})
    files.update({f"modules/{name}.ko": data for name, data in modules.items()})
    return cpio.archive(files, ["bin", "modules"])


def with_plan(start, lines):
    return start + cpio.archive({"plan": "\n".join(lines + [""]).encode()})
