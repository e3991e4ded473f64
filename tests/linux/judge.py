# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Verdicts over a run: what the kernel should have said, and what it should not."""
import re

from .machines import DRIVERS

# What no kernel says of a machine that works.  Stalls are not among it: a busy host is enough for them,
# and steps have their time.
TROUBLE = [re.compile(pattern) for pattern in (
    r"DMAR: \[(DMA|INTR)", r"DMAR: DRHD: handling fault", r"DMAR: VT-d detected",
    r"DMAR: QI.*(HEAD|[Ff]ault|[Tt]ime)", r"DMAR: .*(failed|[Ee]rror|timed out)",
    r"riscv,iommu.*(fault|Fault|failed|timeout|error|Unable|Hardware)", r"Fault \d+ devid",
    r"\bBUG:", r"WARNING: (CPU|possible|.* at )", r"\bOops\b", r"general protection fault",
    r"hung_task|blocked for more than",
    r"nobody cared", r"No irq handler for vector", r"Spurious interrupt",
    r"nvme.*(timeout|invalid id|completion polled|Abort|I/O Error|I/O error|controller is down)",
    r"I/O error, dev", r"Buffer I/O error", r"virtio.*(id \d+ (is not a head|out of range)|broken)",
    r"Detected Hardware Unit Hang", r"NETDEV WATCHDOG", r"transmit queue \d+ timed out",
)]

# But for these: a disk that is pulled out at work loses requests, and so on.
EXPECTED = {
    "boot": re.compile(r"riscv,iommu.*failed to find an MSI domain"),
    "replug": re.compile(r"I/O error, dev|Buffer I/O error|nvme.*(I/O Error|I/O error)"),
    **dict.fromkeys(("faults", "owns", "owns-file"),
                    re.compile(r"DMAR: (\[DMA|DRHD: handling fault)")),
}

# How the kernel tells of a fault: device, direction, address, reason.
FAULT = re.compile(r"DMAR: \[DMA (Read|Write) NO_PASID\] Request device \[([0-9a-f:.]*)\] "
                   r"fault addr (0x[0-9a-f]+) \[fault reason (0x[0-9a-f]+)\]")


def steps(lines):
    """Lines of the log, each with the step in which it came."""
    step = "boot"
    for line in lines:
        marked = re.search(r"@@ step (\S+)", line)
        if marked:
            step = marked[1]
        else:
            yield step, line


def faults(run, variant):
    """What is wrong with how the kernel told of faults that were provoked."""
    bad, seen = [], []
    for step, line in steps(run.log):
        found = FAULT.search(line)
        if step == "faults" and found:
            # Older kernels leave the segment out.
            device = found[2] if found[2].count(":") == 2 else "0000:" + found[2]
            seen.append((found[1].lower(), device, int(found[3], 16), int(found[4], 16)))
    provoked = [rest.split() for word, rest in run.said if word == "fault"]
    if not provoked:
        bad.append("no fault was provoked")
    for way, device, iova in provoked:
        mine = [s for s in seen if s[:3] == (way, device, int(iova, 16))]
        if not mine:
            bad.append(f"the kernel should have told of a {way} of {device} at {iova}, and did not")
            continue
        seen.remove(mine[0])
        if mine[0][3] not in variant.reasons[way]:
            bad.append(f"the {way} of {device} at {iova} should have a reason of "
                       f"{[hex(r) for r in variant.reasons[way]]}, and has {mine[0][3]:#x}")
    bad += [f"the kernel told of a {way} of {device} at {iova:#x} with reason {reason:#x}, "
            "which nobody provoked" for way, device, iova, reason in seen]
    return bad


def quiet(lines):
    """Lines of the log that tell of trouble, each with the step in which it came."""
    return [f"in step '{step}': {line.strip()}" for step, line in steps(lines)
            if any(t.search(line) for t in TROUBLE)
            and not (step in EXPECTED and EXPECTED[step].search(line))]


def boot(run, variant):
    """What is wrong with how the kernel found its IOMMU."""
    bad = [f"the log should have a line like '{pattern}', and has none" for pattern in variant.says
           if not any(re.search(pattern, line) for line in run.log)]
    bad += [f"the log should have no line like '{pattern}', and has: {line}"
            for pattern in variant.silent for line in run.log if re.search(pattern, line)]
    devices = [rest.split() for word, rest in run.said if word == "device"]
    for driver in DRIVERS:
        mine = [d for d in devices if d[1] == driver]
        if not mine:
            bad.append(f"no PCI device has the driver {driver}")
        bad += [f"device {where} of driver {driver} should be in a domain of type {variant.domain}, "
                f"and its type is {kind}" for where, _, kind in mine if kind != variant.domain]
    lines = [rest for word, rest in run.said if word == "interrupt" and "nvme" in rest]
    if not lines:
        bad.append("no line of /proc/interrupts names nvme")
    bad += [f"interrupts of nvme should be {variant.interrupts}, and one is: {line}"
            for line in lines if not re.search(variant.interrupts, line)]
    return bad
