# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Tests with names, told in TAP."""
import traceback

from machine import Failure

TESTS = []


def test(name, needs=0, unit="", theirs=""):
    """A test.  `needs`: what the test device must be able to do.  `unit`: options of the IOMMU.
    `theirs`: what QEMU's own model is known to do otherwise."""
    def keep(function):
        TESTS.append((name, function, needs, unit, theirs))
        return function
    return keep


class Skip(Exception):
    """A test that cannot be done here."""


def equal(found, wanted, what):
    if found != wanted:
        show = (lambda v: f"{v:#x}" if isinstance(v, int) else repr(v))
        raise Failure(f"{what} is {show(found)}; it should be {show(wanted)}")


def run(function, make):
    """What became of a test in the place that `make` makes: "ok", "not ok" or "skip", and why."""
    place = None
    try:
        place = make()
        function(place)
        for machine in place.machines:
            machine.replay()
    except Skip as why:
        return "skip", str(why)
    except Exception as why:  # whatever the test did not expect
        frames = traceback.extract_tb(why.__traceback__)
        here = [f for f in frames if f.filename == function.__code__.co_filename] or frames
        return "not ok", f"{why} (line {here[-1].lineno})"
    finally:
        if place:
            place.close()
    return "ok", ""
