#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The iommux authors
"""A verification bench: the library as the golden model beside a design under test.

	examples/bench.py [LIBIOMMUX.SO] [SEED]

Only a memory callback is given to the model, which has its caches off.  So each request yields what
the specification says: the answer, the fault record, and the ordered list of memory accesses that
lead to it.  A request that is in flight while software changes tables and invalidates may see either
side; then the bench accepts the set {before, after}, and nothing else once the fence has completed.

The design here is the library again, with its caches on.  To put RTL in its place, write a class with
the three methods of `Design`, over a simulator's ports, and hand it to `campaign`.
"""
import random
import struct
import sys
from collections import namedtuple
from ctypes import (CDLL, CFUNCTYPE, Structure, byref, c_char, c_int, c_size_t,
                    c_uint8, c_uint16, c_uint32, c_uint64, c_void_p, memmove, sizeof, string_at)
from pathlib import Path

# ---- The library's structures, as include/iommux declares them --------------------------------

READ, WRITE, EXECUTE = range(3)
OK, EFAULT = 0, -8
UNCACHED = 0x8

ON_READ = CFUNCTYPE(c_int, c_void_p, c_uint64, c_void_p, c_size_t)
ON_WRITE = CFUNCTYPE(c_int, c_void_p, c_uint64, c_void_p, c_size_t)


class Error(Structure):
    _fields_ = [("code", c_int), ("text", c_char * 252)]


class MemoryOps(Structure):
    _fields_ = [("bytes", c_size_t), ("read", ON_READ), ("write", ON_WRITE), ("cas", c_void_p)]


class Config(Structure):
    _fields_ = [("bytes", c_size_t), ("capabilities", c_uint64), ("reset_mode", c_uint8),
                ("ddt_levels", c_uint8), ("vectors", c_uint8), ("queue_lg2", c_uint8),
                ("cache_lg2", c_uint8), ("counters", c_uint8), ("counter_bits", c_uint8),
                ("qos_id_bits", c_uint8), ("flags", c_uint32), ("front_lg2", c_uint8),
                ("ats_timeout_ns", c_uint64), ("busy_ns", c_uint64)]


class Request(Structure):
    _fields_ = [("iova", c_uint64), ("bytes", c_uint64), ("pasid", c_uint32), ("flags", c_uint16),
                ("access", c_uint8), ("at", c_uint8)]


class Reply(Structure):
    _fields_ = [("spa", c_uint64), ("done", c_uint64), ("host_bytes", c_uint64),
                ("host", c_void_p), ("token", c_uint32), ("fault", c_uint32),
                ("range_lg2", c_uint8), ("perm", c_uint8), ("memory_type", c_uint8),
                ("status", c_uint8), ("target", c_uint8), ("ats", c_uint8), ("rcid", c_uint16),
                ("mcid", c_uint16)]


# ---- Memory: words in a dictionary, and a list of who touched what ------------------------------

RAM, RAM_BYTES = 0x80000000, 0x100000


class Memory:
    def __init__(self):
        self.words = {}
        self.log = []

    def load(self, address, size):
        data = b"".join(struct.pack("<Q", self.words.get(a, 0))
                        for a in range(address & ~7, address + size, 8))
        return data[address & 7:][:size]

    def store(self, address, data):
        first = address & ~7
        whole = bytearray(self.load(first, (address + len(data) - first + 7) & ~7))
        whole[address - first:address - first + len(data)] = data
        for i in range(0, len(whole), 8):
            self.words[first + i] = struct.unpack_from("<Q", whole, i)[0]

    def put(self, address, value):
        self.words[address] = value


# ---- What a design under test must be able to do ------------------------------------------------

Outcome = namedtuple("Outcome", "granted address permissions range_lg2 cause record")


class Design:
    """A unit with a memory of its own: the library, through its C interface."""

    def __init__(self, library, flags=0):
        self.library = library
        self.memory = Memory()
        self.ports = {}
        # ctypes keeps no reference to callbacks; whoever hands them out must.
        self.ops = MemoryOps(sizeof(MemoryOps), ON_READ(self.on_read), ON_WRITE(self.on_write))
        self.handle, self.unit, self.lane = c_void_p(), c_void_p(), c_void_p()
        error = Error()
        config = Config(bytes=sizeof(Config), flags=flags)
        must(library.iom_memory_new(byref(self.ops), None, byref(self.handle), byref(error)), error)
        must(library.iom_riscv_new(byref(config), self.handle, None, None, byref(self.unit),
                                   byref(error)), error)
        must(library.iom_lane_open(self.unit, byref(self.lane)))

    def write_register(self, offset, size, value):
        must(self.library.iom_mmio_write(self.unit, 0, offset, size, value))

    def read_register(self, offset, size):
        value = c_uint64()
        must(self.library.iom_mmio_read(self.unit, 0, offset, size, byref(value)))
        return value.value

    def request(self, device, iova, access):
        """The answer, without what the fault queue says of it."""
        reply = Reply()
        request = Request(iova=iova, bytes=4, access=access)
        result = self.library.iom_translate(self.port(device), byref(request), byref(reply))
        if result == OK:
            return Outcome(True, reply.spa, reply.perm, reply.range_lg2, 0, None)
        if result != EFAULT:
            sys.exit(f"bench: a request of {iova:#x} was answered {result}, not 0 or {EFAULT}")
        return Outcome(False, 0, 0, 0, reply.fault, None)

    def port(self, device):
        if device not in self.ports:
            endpoint, port = c_void_p(), c_void_p()
            must(self.library.iom_endpoint_get(self.unit, device, byref(endpoint)))
            must(self.library.iom_port_open(endpoint, self.lane, byref(port)))
            self.ports[device] = port
        return self.ports[device]

    def on_read(self, _, address, to, size):
        if not RAM <= address <= RAM + RAM_BYTES - size:
            return EFAULT
        self.memory.log.append(("read", address, size))
        memmove(to, self.memory.load(address, size), size)
        return OK

    def on_write(self, _, address, data, size):
        if not RAM <= address <= RAM + RAM_BYTES - size:
            return EFAULT
        self.memory.log.append(("write", address, size))
        self.memory.store(address, string_at(data, size))
        return OK

    def close(self):
        self.library.iom_unit_free(self.unit)
        self.library.iom_memory_free(self.handle)


def must(result, error=None):
    if result != OK:
        sys.exit("bench: " + (error.text.decode() if error else f"the library answered {result}"))


def load_library(path):
    library = CDLL(str(path))
    for name, kinds in {
            "iom_memory_new": [c_void_p] * 4,
            "iom_riscv_new": [c_void_p] * 6,
            "iom_lane_open": [c_void_p] * 2,
            "iom_endpoint_get": [c_void_p, c_uint32, c_void_p],
            "iom_port_open": [c_void_p] * 3,
            "iom_translate": [c_void_p] * 3,
            "iom_mmio_write": [c_void_p, c_uint32, c_uint64, c_uint32, c_uint64],
            "iom_mmio_read": [c_void_p, c_uint32, c_uint64, c_uint32, c_void_p]}.items():
        getattr(library, name).argtypes = kinds
    for name in ("iom_unit_free", "iom_memory_free"):
        getattr(library, name).argtypes = [c_void_p]
        getattr(library, name).restype = None
    return library


# ---- Software: one device, three tables, a command queue, a fault queue -------------------------

DDT, COMMANDS, FAULTS, ROOT, MIDDLE, LEAVES = (RAM + 0x1000 * i for i in range(6))
DATA = RAM + 0x10000
DEVICE = 5
PAGES = 64

FCTL, DDTP, CQB, CQT, FQB, FQH, FQT, CQCSR, FQCSR = 8, 16, 24, 36, 40, 48, 52, 72, 76
FAULT_RECORD = 32
V, R, W, X, U, A, D = (1 << i for i in (0, 1, 2, 3, 4, 6, 7))


class Software:
    """Does the same to every design: the driver of the bench."""

    def __init__(self, designs):
        self.designs = designs
        self.tail = 0
        context = DDT + 64 * DEVICE
        self.put(context, V)                            # tc
        self.put(context + 16, 1 << 12)                 # ta: PSCID 1
        self.put(context + 24, 8 << 60 | ROOT >> 12)    # fsc: Sv39
        self.put(ROOT, MIDDLE >> 12 << 10 | V)
        self.put(MIDDLE, LEAVES >> 12 << 10 | V)
        for design in designs:
            design.write_register(CQB, 8, COMMANDS >> 12 << 10 | 4)
            design.write_register(FQB, 8, FAULTS >> 12 << 10 | 4)
            design.write_register(CQCSR, 4, 1)
            design.write_register(FQCSR, 4, 1)
            design.write_register(DDTP, 8, DDT >> 12 << 10 | 2)

    def put(self, address, value):
        for design in self.designs:
            design.memory.put(address, value)

    def command(self, word0, word1):
        self.put(COMMANDS + 16 * self.tail, word0)
        self.put(COMMANDS + 16 * self.tail + 8, word1)
        self.tail = (self.tail + 1) % 32
        for design in self.designs:
            design.write_register(CQT, 4, self.tail)

    def invalidate(self, iova):
        self.command(1 | 1 << 10 | 1 << 12 | 1 << 32, iova >> 12 << 10)    # VMA, AV, PSCV
        self.command(2, 0)                                                 # IOFENCE.C


def observe(design, iova, access):
    """One request of a design: what came of it, and the accesses to memory on the way."""
    design.memory.log.clear()
    outcome = design.request(DEVICE, iova, access)
    accesses = [a for a in design.memory.log if not FAULTS <= a[1] < FAULTS + 0x1000]
    head = design.read_register(FQH, 4)
    if head != design.read_register(FQT, 4):
        record = struct.unpack("<4Q", design.memory.load(FAULTS + FAULT_RECORD * head, FAULT_RECORD))
        design.write_register(FQH, 4, (head + 1) % 32)
        outcome = outcome._replace(record=record)
    return outcome, accesses


# ---- The campaign -------------------------------------------------------------------------------

def random_leaf(chance):
    """Mostly a good page; sometimes one of the mistakes that software makes."""
    page = DATA + 0x1000 * chance.randrange(16)
    flags = V | R | W | U | A | D
    if chance.random() < 0.4:
        flags ^= chance.choice((V, R, W, W | D, X, U, A, D, A | D))
    return page >> 12 << 10 | flags


def words(outcome):
    if not outcome.granted:
        return f"cause {outcome.cause}, record " + \
            (" ".join(f"{word:#x}" for word in outcome.record) if outcome.record else "none")
    letters = "".join(c for i, c in enumerate("RWX") if outcome.permissions >> i & 1)
    return f"{outcome.address:#x} {letters}, 2^{outcome.range_lg2} bytes"


def differ(what, iova, access, got, allowed):
    print(f"  {what}, {('read', 'write', 'execute')[access]} of {iova:#x}:\n"
          f"    the design: {got if isinstance(got, list) else words(got)}")
    for side, outcome in allowed:
        print(f"    {side}: {words(outcome)}")
    return 1


def campaign(golden, design, seed, rounds, software_of_design=True):
    """Compares a design with the model; returns how many answers differed."""
    chance = random.Random(seed)
    both = Software([golden, design])
    bad = stale = checked = 0
    for page in range(PAGES):
        both.put(LEAVES + 8 * page, random_leaf(chance))
    for _ in range(rounds):
        iova = 0x1000 * chance.randrange(PAGES) + 4 * chance.randrange(1024)
        access = chance.choice((READ, WRITE, EXECUTE))

        # Quiet: one answer is right, with its record.
        want, accesses = observe(golden, iova, access)
        got, _ = observe(design, iova, access)
        checked += 1
        if got != want:
            bad += differ("nothing was under way", iova, access, got, [("the model ", want)])
        if want.granted and accesses[-1][1] != LEAVES + 8 * (iova >> 12):
            bad += differ("the walk did not end at its leaf", iova, access, accesses, [])

        # Software changes the entry, and invalidates: until the fence both sides are right.
        both.put(LEAVES + 8 * (iova >> 12), random_leaf(chance))
        after, _ = observe(golden, iova, access)
        got, _ = observe(design, iova, access)
        checked += 1
        stale += got != after
        if got not in (want, after):
            bad += differ("during an invalidation", iova, access, got,
                          [("before    ", want), ("after     ", after)])
        if software_of_design:
            both.invalidate(iova)
        got, _ = observe(design, iova, access)
        checked += 1
        if got != after:
            bad += differ("the fence has completed", iova, access, got, [("the model ", after)])
            break
    return bad, stale, checked


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else \
        Path(__file__).resolve().parent.parent / "build/src/libiommux.so"
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    library = load_library(path)

    golden, design = Design(library, UNCACHED), Design(library)
    both = Software([golden, design])
    both.put(LEAVES, DATA >> 12 << 10 | V | R | W | U | A | D)
    outcome, accesses = observe(golden, 0x123, READ)
    print(f"A read of 0x123 by device {DEVICE}: {outcome.address:#x}, after")
    for kind, address, size in accesses:
        print(f"  {kind} of {size} bytes at {address:#x}")
    outcome, _ = observe(golden, 0x1123, WRITE)
    print(f"A write to 0x1123: {words(outcome)}")
    golden.close()
    design.close()

    golden, design = Design(library, UNCACHED), Design(library)
    bad, stale, checked = campaign(golden, design, seed, 2000)
    print(f"A design with caches: {checked} answers compared, {stale} of them from before an "
          f"invalidation under way, {bad} wrong.")
    golden.close()
    design.close()

    print("A design that misses its invalidations:")
    golden, design = Design(library, UNCACHED), Design(library)
    caught, _, checked = campaign(golden, design, seed, 2000, software_of_design=False)
    print(f"  found after {checked} answers." if caught else "  not found!")
    golden.close()
    design.close()
    return 1 if bad or not stale or not caught else 0


if __name__ == "__main__":
    sys.exit(main())
