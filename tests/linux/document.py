# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""The part of docs/linux.md that runs write."""
from . import plan
from .kernels import KERNELS, ROOT
from .machines import MODELS, ours

PATH = ROOT / "docs/linux.md"
BEGIN = "<!-- written by scripts/linux --document -->"
END = "<!-- to here -->"


def cell(outcome):
    """A boot in a few words."""
    if outcome is None:
        return "-"
    bad = [test.rpartition("/")[2] for test, why in outcome.verdicts.items() if why is not None]
    count = len(outcome.verdicts)
    return f"all {count}" if not bad else f"{count - len(bad)} of {count}; not {', '.join(bad)}"


def missing(boots):
    """What has no outcome: "KERNEL/MODEL: VARIANT, ..."."""
    found = {}
    for boot in plan.everything():
        if boot.name not in boots:
            found.setdefault(f"{boot.kernel}/{boot.model}", []).append(boot.variant)
    return [f"* {where}: {', '.join(variants)}" for where, variants in found.items()]


def table(outcomes):
    """Lines of Markdown: a row for each kernel, model of ours, and variant."""
    boots = {boot.name: outcome for boot, outcome in outcomes}
    emulators = sorted({outcome.emulator for outcome in boots.values()})
    lines = [f"With {', '.join(emulators)}.", "",
             "| kernel | release | model | variant | iommux | QEMU's own |", "|---|---|---|---|---|---|"]
    for kernel, (arch, _) in KERNELS.items():
        for name, model in MODELS.items():
            if not ours(name) or model.arch != arch:
                continue
            for variant in model.variants:
                mine, stock = (boots.get(f"{kernel}/{m}/{variant}") for m in (name, model.stock))
                if mine or stock:
                    lines.append(f"| {kernel} | {(mine or stock).release} | {name} | {variant} | "
                                 f"{cell(mine)} | {cell(stock)} |")
    differ = sorted({why for outcome in boots.values() for test, bad in outcome.verdicts.items()
                     if bad is not None and (why := plan.known(test))})
    lines += [""] * bool(differ) + [f"* {why[0].upper()}{why[1:]}." for why in differ]
    left = missing(boots)
    return lines + (["", "Not run:", "", *left] if left else [])


def write(lines):
    text = PATH.read_text()
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{PATH} should have the lines '{BEGIN}' and '{END}'")
    PATH.write_text("\n".join([before + BEGIN, "", *lines, "", END + after]))
