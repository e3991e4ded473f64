# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Units that cannot be, that cannot go, and what comes in that is no state of theirs."""
import struct
import subprocess

import device as d
import test_vtd
import vtd
from machine import Failure
from tap import Skip, equal, test

# First bytes of a unit's state.
STATE = struct.pack("<Q", 0x30786d6d6f69fe01)


class Place(test_vtd.Place):
    """A machine with a VT-d unit of ours, or none at all."""

    def __init__(self, qemu, theirs, unit, needs):
        if theirs:
            raise Skip("this is about our models")
        super().__init__(qemu, theirs, unit, needs)

    def fails(self, *options):
        """QEMU ends by itself; what it said."""
        done = subprocess.run(
            [self.binary, "-accel", "qtest", "-display", "none", "-nodefaults", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60, check=False)
        equal(done.returncode, 1, f"the exit status of {options}, with '{done.stdout.strip()}',")
        return done.stdout


def refused(place, options, sentence, machine="q35"):
    said = place.fails("-M", machine, *(w for o in options for w in ("-device", o)))
    if sentence not in said:
        raise Failure(f"'{said.strip()}' does not say '{sentence}'")


@test("life: a unit that cannot be is refused with a sentence, and leaves nothing behind")
def bad(place):
    for option, sentence in (
            ("profile=none", "it should be legacy, scalable or full"),
            ("aw-bits=40", "it should be 39, 48 or 57"),
            ("cap=1", "only one of cap and ecap is given"),
            ("address-bits=80", "address_bits"),
            ("address=0xfed90001", "0xfed90001"),
            ("record=/no/where", "cannot be written")):
        refused(place, [f"iommux-vtd,{option}"], sentence)
    refused(place, ["iommux-vtd"], "-machine q35", machine="none")
    refused(place, ["intel-iommu", "iommux-vtd"], "has an IOMMU already")


@test("life: a unit cannot be unplugged, nor plugged in")
def plugged(place):
    m = place.machine()
    for command, how in (("device_del", {"id": "u0"}), ("device_add", {"driver": "iommux-vtd"})):
        try:
            m.ask(command, **how)
        except Failure as why:
            if "hotplug" not in str(why):
                raise
        else:
            raise Failure(f"{command} was not refused")


@test("life: a state that is too long, or none, is refused before it is read")
def states(place):
    m = place.machine()
    path = m.folder / "state"
    m.ask("migrate", uri=f"exec:cat >{path}")
    while m.ask("query-migrate").get("status") not in ("completed", "failed"):
        pass
    good = path.read_bytes()
    at = good.index(STATE)
    length, = struct.unpack(">I", good[at - 4:at])
    options = ["-M", "q35", "-m", "256M", "-device", f"{place.options},id=u0", "-device",
               "iommux-testdev,addr=5.0,id=t0", "-incoming", f"exec:cat {path}"]
    for number, data, sentence in ((0xffffffff, STATE, "it should have 1048576 at most"),
                                   (1048577, STATE, "it should have 1048576 at most"),
                                   (length, bytes(8), "this is not a unit's state")):
        path.write_bytes(good[:at - 4] + struct.pack(">I", number) + data + good[at + 8:])
        said = place.fails(*options)
        if sentence not in said:
            raise Failure(f"'{said.strip()}' does not say '{sentence}'")


@test("life: trace events tell what the unit sees and does")
def traced(place):
    place.options = "iommux-vtd"
    m = place.machine(extra=["-trace", "iommux_*"])
    dev = d.TestDevice(m)
    dev.set_up()
    unit = vtd.Vtd(m)
    unit.start()
    dev.read(0x4000, 4)
    said = m.said()
    for words in ("iommux_register_write register 0:0x18 write 4: 0x4000000",
                  "iommux_register_read register 0:0x1c read 4: 0x",
                  "iommux_command 0000000000000011 0000000000000000",
                  "iommux_refused 0028 read 0x4000 refused: 0x2 context entry not present"):
        if words not in said:
            raise Failure(f"'{words}' is not in\n{said}")
    said = place.fails("-M", "q35", "-trace", "iommux_command", "-device",
                       "iommux-vtd,record=/dev/null")
    if "'record' or the trace events iommux_*, not both" not in said:
        raise Failure(f"it said '{said}'")
