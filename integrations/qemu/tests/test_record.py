# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""Recordings of units: `run --recorded` replays what other tests did, here is what is about files."""
import os
import tempfile
import threading

import device as d
import test_vtd
from machine import Failure
from tap import Skip, equal, test

DATA = bytes(range(256)) * 128


class Place(test_vtd.Place):
    """A machine with a unit of ours; the file is the test's own matter."""

    def __init__(self, qemu, theirs, unit, needs):
        if theirs:
            raise Skip("only our models are recorded")
        super().__init__(qemu, theirs, "", needs)


def refused(place, options, sentence):
    """QEMU does not start, and says why."""
    try:
        place.machine(options)
    except Failure as why:
        if sentence not in str(why):
            raise Failure(f"'{why}' does not say '{sentence}'") from None
        return
    raise Failure(f"QEMU started with {options}")


@test("record: a file that cannot be written is refused")
def no_file(place):
    refused(place, "iommux-vtd,record=/no/where", "'/no/where' cannot be written: No such file")


def read_once(path):
    with open(path, "rb", buffering=0) as pipe:
        for _ in ("magic number and version", "the first block"):
            pipe.read(1 << 16)


@test("record: a file that takes no more is told once, and the device goes on")
def full(place):
    with tempfile.TemporaryDirectory(prefix="iommux-qtest-") as folder:
        pipe = f"{folder}/pipe"
        os.mkfifo(pipe)
        place.options = f"iommux-vtd,record={pipe}"
        reader = threading.Thread(target=read_once, args=[pipe])
        reader.start()
        m, unit, dev, table = test_vtd.legacy(place)
        reader.join()
    pages = m.pages(8)
    for n in range(8):
        unit.map(table, 0x4000 + n * 0x1000, pages + n * 0x1000)
    m.write(pages, DATA)
    for _ in range(1500):
        dev.ask(d.READ, source=0x4000, length=len(DATA))
    equal(dev.read(0x4000, len(DATA)), DATA, "what the device read")
    sentence = "is not whole: the trace could not be written beyond"
    m.say("clock_step 200000000")
    equal(m.said().count(sentence), 1, "sentences")
    m.ask("quit")
    m.process.wait(60)
    equal(m.said().count(sentence), 1, "sentences in the end")


def snapshots(m):
    """A disk that `savevm` writes to."""
    path = m.folder / "snapshots"
    path.touch()
    m.ask("blockdev-add", driver="file", **{"node-name": "file", "filename": str(path)})
    m.ask("blockdev-create", **{"job-id": "create", "options": {
        "driver": "qcow2", "file": "file", "size": 1 << 20}})
    while m.ask("query-jobs")[0]["status"] != "concluded":
        pass
    m.ask("job-dismiss", id="create")
    m.ask("blockdev-add", driver="qcow2", **{"node-name": "disk", "file": "file"})


@test("record: a state is loaded meanwhile")
def load(place):
    m, unit, dev, table = test_vtd.legacy(place)
    snapshots(m)
    page = m.pages()
    unit.map(table, 0x4000, page)
    m.write(page, DATA[:4096])
    equal(dev.read(0x4000, 4096), DATA[:4096], "what the device read before")
    equal(m.monitor("savevm here"), "", "savevm's words")
    unit.map(table, 0x4000, 0, flags=0)
    unit.flush_all()
    equal(dev.read(0x4000, 4096), None, "what it read of nothing")
    equal(m.monitor("loadvm here"), "", "loadvm's words")
    equal(dev.read(0x4000, 4096), DATA[:4096], "what it read after")
