# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""What an IOMMU costs a guest that reads an NVMe disk: CPU seconds of the emulator, for a GiB.

Linux reads with O_DIRECT, its IOMMU driver strict: each buffer is mapped, and invalidated before the
next.  The disk's data are zeroes that QEMU makes up, so that no time is a file's; most of what is left
is the guest's own instructions, the same in front of both models.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from linux import initramfs  # noqa: E402
from linux.kernels import Kernel  # noqa: E402

KERNEL = "amd64-backports"
MODELS = ("iommux-vtd", "intel-iommu,intremap=on,eim=on")
LINE = "console=ttyS0 no_timer_check printk.devkmsg=on panic=-1 intel_iommu=on iommu.strict=1"
BLOCKS = {4: 64, 128: 1024}  # KiB of a request: MiB of one reading
ROUNDS = 4  # readings of each, in one boot; the first one warms up


def plan():
    lines = ["disks=nvme", "plan() {", "\tdisk=$(disk_of nvme)"]
    for block, mib in BLOCKS.items():
        read = f"\tdd if=$disk of=/dev/null bs={block}k count={mib * 1024 // block} iflag=direct 2>&1"
        lines += ["\tsay mark"] + [read, "\tsay mark"] * ROUNDS
    return lines + ["}"]


def spent(pid):
    """CPU seconds of a process and all its threads."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def marks(words):
    """CPU seconds at each mark of the guest."""
    found, last = [], []
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        try:
            for line in process.stdout:
                last = last[-9:] + [line]
                if "@@ mark" in line:
                    found.append(spent(process.pid))
        finally:
            process.kill()
    if len(found) != len(BLOCKS) * (ROUNDS + 1):
        sys.exit("the guest did not come to the end of its readings; its last words:\n"
                 + "".join(last))
    return found


def boot(qemu, model, kernel, start):
    """{KiB of a request: CPU seconds for a GiB, of the best reading}"""
    with tempfile.NamedTemporaryFile(prefix="iommux-") as archive:
        archive.write(start)
        archive.flush()
        found = marks([
            str(qemu), *"-M q35 -cpu max -accel tcg -smp 1 -m 512M -nodefaults -display none "
            "-no-reboot -serial stdio -device".split(), model,
            "-blockdev", f"driver=null-co,node-name=nvme,read-zeroes=on,size={1 << 30}",
            "-device", "nvme,drive=nvme,serial=nvme",
            "-kernel", str(kernel.image), "-initrd", archive.name, "-append", LINE])
    best = {}
    for n, (block, mib) in enumerate(BLOCKS.items()):
        of = found[n * (ROUNDS + 1):(n + 1) * (ROUNDS + 1)]
        best[block] = min(b - a for a, b in zip(of[1:], of[2:])) * 1024 / mib
    return best


def seconds(qemu, boots):
    """{KiB of a request: [ours, QEMU's]}, the least of several boots of either, in turn."""
    kernel = Kernel(KERNEL)
    start = initramfs.with_plan(initramfs.base(kernel, set()), plan())
    runs = [[boot(qemu, model, kernel, start) for model in MODELS] for _ in range(boots)]
    return {block: [min(pair[i][block] for pair in runs) for i in range(len(MODELS))]
            for block in BLOCKS}
