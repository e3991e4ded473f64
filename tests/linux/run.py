# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""One boot and its verdicts."""
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from . import initramfs, judge
from .console import STOP, Run
from .initramfs import OUT
from .kernels import Wrong
from .machines import DISKS, MODELS, ours, words
from .plan import FIRST, LAST, STEPS, everything

# What the host finds on the disks after a step: seed of the pattern in MiB 16 to 31.
WRITTEN = {"nvme-write": "nvme", "virtio-write": "virtio"}

# TCG, with more threads than one, now and then runs what the guest has replaced: Linux, which changes
# its own code, dies of a breakpoint that is gone.  Such a boot tells nothing of IOMMUs.
STALE = re.compile(r"\bint3: 0000 \[#1\]")
TRIES = 3

NOT_REACHED = "the guest did not come to it"


class Outcome(NamedTuple):
    verdicts: dict             # test: None, or what was wrong
    seconds: float
    notes: dict                # step: what the guest had to say of it
    release: str               # of the kernel
    emulator: str


def disk(*arguments):
    return subprocess.run([initramfs.program("disk", "amd64"), *map(str, arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def first_disks():
    """The pattern that every disk starts with; the path."""
    path = OUT / "disk.img"
    OUT.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.truncate(48 << 20)
    done = disk("write", path, 0, 16, 1)
    if done.returncode:
        raise Wrong(done.stdout)
    return path


def log(boot):
    """Where its console is kept."""
    return OUT / f"{boot.name.replace('/', '-')}.log"


def kept(boot):
    """Where its outcome is."""
    return log(boot).with_suffix(".json")


def last(boot):
    """The outcome of its last run with all of its steps, or None."""
    return Outcome(**json.loads(kept(boot).read_text())) if kept(boot).exists() else None


def plan(boot):
    lines = [f"disks='{' '.join(DISKS)}'", "plan() {"]
    for name in boot.steps:
        seconds, command = STEPS[name]
        lines.append(f"\tstep {name} {seconds} {command}")
    return lines + ["\t:", "}"]


def verdicts(boot, run, folder):
    """{step: None, or why it failed}."""
    came = {rest.partition(" ")[0]: (word, rest.partition(" ")[2]) for word, rest in run.said
            if word in ("ok", "fail")}
    refused = [rest for word, rest in run.said if word == "refused"]
    bad = judge.boot(run, MODELS[boot.model].variants[boot.variant])
    found = {FIRST: "; ".join(bad) or None}
    if not came:
        found[FIRST] = f"the guest's init never spoke; {run.end}"
    for step in boot.steps:
        word, rest = came.get(step, ("fail", NOT_REACHED))
        found[step] = None if word == "ok" else rest or "failed without a word"
        if step == "replug" and refused:
            found[step] = "; ".join(refused)
        if found[step] is None and step == "faults":
            found[step] = "; ".join(judge.faults(run, MODELS[boot.model].variants[boot.variant])) or None
        if found[step] is None and step in WRITTEN:
            done = disk("check", folder / f"{WRITTEN[step]}.img", 16, 16, 2)
            if done.returncode:
                found[step] = "the guest read what it wrote, but the host finds: " + done.stdout.strip()
    bad = judge.quiet(run.log)
    if run.end != "the guest ended":
        bad.append(run.end)
    found[LAST] = "; ".join(bad[:3]) + (f"; and {len(bad) - 3} more" if len(bad) > 3 else "") or None
    return found


def once(boot, qemu, kernel, start, image, trace):
    """Runs it; (run, verdicts)."""
    # In a folder of its own: the path of a socket has to be short.
    with tempfile.TemporaryDirectory(prefix="iommux-") as name:
        folder = Path(name)
        for serial in DISKS:
            subprocess.run(["cp", "--sparse=always", image, folder / f"{serial}.img"], check=True)
        (folder / "initramfs").write_bytes(initramfs.with_plan(start, plan(boot)))
        run = Run([str(qemu), *words(boot.model, boot.variant, kernel, folder, folder / "initramfs",
                                     trace)], folder, log(boot))
        return run, verdicts(boot, run, folder)


def boot(boot, qemu, version, kernel, start, image, traces=None):
    """Runs it; what it said stays in log(), the outcome of all its steps in kept(), and what a unit of
    ours did in the folder of traces."""
    trace = traces and ours(boot.model) and (traces / log(boot).name).with_suffix(".iomtrace")
    for _ in range(TRIES):
        run, found = once(boot, qemu, kernel, start, image, trace)
        stale = next((line for line in run.log if STALE.search(line)), None)
        if stale is None or STOP.is_set():
            break
        print(f"again    {boot.name}: QEMU ran code that the guest had replaced: {stale}", flush=True)
    notes = {rest.partition(" ")[0]: rest.partition(" ")[2] for word, rest in run.said if word == "ok"}
    outcome = Outcome({f"{boot.name}/{step}": why for step, why in found.items()}, run.seconds, notes,
                      kernel.release, version)
    if boot in everything() and not STOP.is_set():
        kept(boot).write_text(json.dumps(outcome._asdict(), indent=1))
    return outcome
