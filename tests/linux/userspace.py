# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Programs for guests, built against our kernels' source: vfio_test, and Linux's own tests."""
import subprocess
from pathlib import Path

from .plan import STEPS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "build/linux/programs/amd64"
SELFTESTS = "tools/testing/selftests"

# Linux's programs; libraries that each needs.
IOMMU = {"iommufd": ["-lcap"], "iommufd_fail_nth": ["-lcap"]}
VFIO = ["vfio_dma_mapping_test", "vfio_dma_mapping_mmio_test", "vfio_iommufd_setup_test",
        "vfio_pci_device_test"]


def script(*words):
    return Path(subprocess.run([ROOT / "scripts" / words[0], *words[1:]], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.strip())


def compiled(name, sources, *words):
    """A static program; the path.  Linux's headers are newer than the C library's."""
    path = OUT / name
    if not path.exists() or any(path.stat().st_mtime < s.stat().st_mtime for s in sources):
        OUT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-pthread", "-D_GNU_SOURCE=",
                        "-isystem", script("kernel", "headers"), "-o", path,
                        *[s for s in sources if s.suffix == ".c"], *words], check=True)
    return path


def vfio_test():
    return compiled("vfio_test", sorted((HERE / "vfio").glob("*.[ch]")), "-Wall", "-Wextra",
                    "-Werror")


def selftests():
    """{name: path} of Linux's tests of iommufd and of VFIO."""
    tree = script("kernel", "source")
    tests = tree / SELFTESTS
    common = ["-w", f"-I{tests}", f"-I{tests}/vfio/lib/include", f"-I{tree}/tools/include"]
    found = {name: compiled(name, [tests / f"iommu/{name}.c"], *common, *libraries)
             for name, libraries in IOMMU.items()}
    library = sorted((tests / "vfio/lib").glob("**/*.c"))
    for name in VFIO:
        # 7.2.13 calls calloc_assert() and defines it nowhere.
        found[name] = compiled(name, [tests / f"vfio/{name}.c", *library], *common,
                               "-Dcalloc_assert=calloc", "-luuid")
    return found


def needed(steps):
    """Names and paths of the programs for steps (plan.STEPS)."""
    words = {STEPS[step][1].split()[0] for step in steps}
    if "owns" in words:
        yield "vfio_test", vfio_test()
    if words & {"selftest", "selftest_with"}:
        yield from selftests().items()
