# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Kernels of Debian's packages, unpacked and never installed; and those of our own configuration."""
import lzma
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

# Name: architecture, and the suite of Debian's kernel; or None: scripts/kernel builds it.
KERNELS = {
    "amd64-bookworm": ("amd64", "bookworm"),
    "amd64-backports": ("amd64", "bookworm-backports"),
    "amd64-sid": ("amd64", "sid"),
    "amd64-iommufd": ("amd64", None),
    "riscv64-sid": ("riscv64", "sid"),
    "riscv64-dma": ("riscv64", None),
}

# Packages of one kernel; the newer suites have split it.
PART = re.compile(r"linux-(image|binary|modules|base)-\d")


class Wrong(Exception):
    """A sentence for the person who called."""


def run(*words):
    """What a script of ours prints, a list of lines."""
    done = subprocess.run([ROOT / words[0], *words[1:]], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode:
        raise Wrong(f"{' '.join(words)} ended with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout.split()


def packages(suite, arch):
    """The packages that a kernel's metapackage leads to."""
    found, left = [], [f"linux-image-{arch}"]
    while left:
        for name in run("scripts/debian", "depends", "-t", suite, "-a", arch, left.pop()):
            if PART.match(name) and name not in found:
                found.append(name)
                if suite == "sid" and "-image-" in name:
                    left.append(name)
    return found


def unpacked(package, suite, arch):
    return Path(run("scripts/debian", "unpack", "-t", suite, "-a", arch, package)[0])


class Kernel:
    """The image, the release that it calls itself, and its modules by name."""

    def __init__(self, name):
        self.name = name
        self.arch, self.suite = KERNELS[name]
        self.modules = {}
        if self.suite is None:
            self.image = Path(run("scripts/kernel", name)[0])
            self.release = re.sub(r"-[0-9a-f]{12}$", "", self.image.parent.name)
            return
        folders = [unpacked(p, self.suite, self.arch) for p in packages(self.suite, self.arch)]
        images = [path for folder in folders for pattern in
                  ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz") for path in folder.glob(pattern)]
        if len(images) != 1:
            raise Wrong(f"{self.suite}'s kernel for {self.arch} should have one vmlinuz, and has "
                        f"{len(images)} in {', '.join(map(str, folders))}")
        self.image = images[0]
        self.release = (self.image.parent.name if self.image.name == "vmlinuz"
                        else self.image.name.removeprefix("vmlinuz-"))
        for folder in folders:
            for path in folder.glob("**/kernel/**/*.ko*"):
                self.modules[path.name.split(".")[0].replace("-", "_")] = path

    def module(self, name):
        """The module as insmod takes it."""
        data = self.modules[name].read_bytes()
        return lzma.decompress(data) if self.modules[name].suffix == ".xz" else data

    def ordered(self, wanted):
        """{name: bytes} of modules and of what they need, in the order of loading.

        What is no module of this kernel is built in, or the test that needs it will say so.
        """
        loaded = {}

        def load(name):
            if name in loaded or name not in self.modules:
                return
            data = self.module(name)
            for need in re.search(rb"\0depends=([^\0]*)\0", data)[1].decode().split(","):
                load(need.replace("-", "_"))
            loaded[name] = data

        for name in wanted:
            load(name)
        return loaded
