-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- Shared virtual addressing, in four acts.  Two processes hand a device their own pointers: it uses
-- the page tables that the CPU uses, and pages come when it touches them.  Then a page goes away, and
-- at last a process, each while the device is at work.
--
--	iommux run examples/sva.lua

local m = machine{ ram = 64 * MiB }
local disk = m:device{ pci = "01:00.0", processes = true }

-- The device's orders and its interrupt are the kernel's, as ever.
local kernel = m:domain("translated")
kernel:attach(disk)

local size = 8 * PAGE
local alice = m:process()
local bob = m:process()
alice:attach(disk)
bob:attach(disk)

local function text_of(line)
	return line:rep(size // #line + 1):sub(1, size)
end

-- ---------------------------------------------------------------------------------------------
title("1. Two processes, one device, the same addresses")

local from = alice:memory{ bytes = size }
local to = alice:memory{ bytes = size }
local same = bob:memory{ bytes = size } == from and bob:memory{ bytes = size } == to
alice:write{ at = from, data = text_of("what Alice has to say; ") }
bob:write{ at = from, data = text_of("Bob's own words; ") }

say("Device %s works for two processes at once.  Each of its requests says for whom, by a PASID: %d is", disk:name(), alice:pasid())
say("Alice's, %d is Bob's.  Both have asked for memory, and got the same addresses: %s to read from,", bob:pasid(), hex(from))
say("%s to write to.  Nobody has mapped anything for the device.", hex(to))
say()

local function carry(process)
	return disk:copy{ from = from, to = to, bytes = size, process = process }
end

local before = { alice:lookup(to), bob:lookup(to) }
local a = carry(alice)
local b = carry(bob)

say("                        %-18s %s", "Alice", "Bob")
say("    PASID               %-18d %d", alice:pasid(), bob:pasid())
say("    source at           %-18s %s", hex(from), hex(from))
say("      in memory at      %-18s %s", hex(alice:lookup(from)), hex(bob:lookup(from)))
say("    destination at      %-18s %s", hex(to), hex(to))
say("      in memory at      %-18s %s", hex(alice:lookup(to)), hex(bob:lookup(to)))
say("    pages asked for     %-18d %d", alice:counters().requests, bob:counters().requests)
say()
expect(same, "both processes use the same virtual addresses")
expect(a.ok and alice:read{ at = to, bytes = size } == text_of("what Alice has to say; "), "the device copied what Alice has")
expect(b.ok and bob:read{ at = to, bytes = size } == text_of("Bob's own words; "), "and what Bob has, each in its own memory")
expect(alice:lookup(to) ~= bob:lookup(to), "which is not the same memory")
expect(a.interrupt and b.interrupt, "orders and interrupts went through the kernel's domain meanwhile")

-- ---------------------------------------------------------------------------------------------
title("2. Pages that come when they are touched")

say("The destinations had no memory behind them.  The device asked the IOMMU, was told that nothing is")
say("there, and asked the kernel for the page; the kernel found one, and the device went on.")
say()
expect(before[1] == false and before[2] == false, "before the copies, no page was there")
expect(alice:counters().requests == size // PAGE, "the device asked for %d of Alice's pages: the destination, since the source was there", size // PAGE)
expect(disk:counters().page_requests == 2 * size // PAGE, "and for as many of Bob's")
expect(#m:faults() == 0, "asking is no fault: nothing was reported")

local again = carry(alice)
expect(again.ok and alice:counters().requests == size // PAGE, "what is there is not asked for again")

-- ---------------------------------------------------------------------------------------------
title("3. A page goes away")

local page = to + 3 * PAGE
local was = alice:lookup(page)
alice:drop(page)
local gone = alice:lookup(page)
local third = carry(alice)

say("The kernel takes the page at %s from Alice, as it would when memory is short.  It tells the IOMMU,", hex(page))
say("which forgets the page, then has the device forget it.  The device's next order brings it back.")
say()
expect(was and gone == false, "the page that was at %s is nobody's", hex(was))
expect(third.ok and alice:counters().requests == size // PAGE + 1, "the device had to ask for it: nothing old was used")
expect(alice:read{ at = to, bytes = size } == text_of("what Alice has to say; "), "and what it wrote is all there")

-- ---------------------------------------------------------------------------------------------
title("4. A process ends, with its device at work")

local wide = alice:memory{ bytes = size }
alice:exit{ after = 4 }
local last = disk:copy{ from = from, to = wide, bytes = size, process = alice }
local quiet = #m:faults()

say("The device copies eight more pages for Alice.  As it asks for the fourth of them, her process ends:")
say("the PASID is taken back with the order half done, and her memory goes to whoever needs it.")
say()
say("    the order           %s at %s, after %d bytes", last.status, last.refused_at and hex(last.refused_at) or "-", last.bytes)

local stray = disk:stray{ at = from, read = 16, process = alice }
local write = disk:stray{ at = to, write = "too late", process = alice }
local faults = m:faults()
say("    later on            %s", stray.status)
say()
say("    %-8s %-6s %-11s %-6s %s", "device", "PASID", "address", "access", "reason")
for i = 1, #faults do
	local f = faults[i]
	say("    %-8s %-6s %-11s %-6s %s", f.device:name(), tostring(f.pasid), hex(f.address), f.access, f.reason)
end
say()

local function names(f, address, access)
	return f and f.device == disk and f.pasid == alice:pasid() and f.address == address and f.access == access
end

expect(not alice:alive() and not last.ok and last.bytes == 3 * PAGE and last.refused_at == from + 3 * PAGE,
       "the device copied three pages, and not one byte of the fourth: its source is gone, too")
expect(quiet == 0, "the kernel itself told it that there is no more: no fault")
expect(not stray.ok and stray.data == false and not write.ok, "what it tries later all the same is refused")
expect(#faults == 2 and names(faults[1], from, "read") and names(faults[2], to, "write"),
       "and reported: the device, the address, and whose PASID it used")

bob:write{ at = from, data = text_of("Bob is still here; ") }
local still = carry(bob)
expect(still.ok and bob:read{ at = to, bytes = size } == text_of("Bob is still here; "), "Bob has noticed nothing of it")
bob:exit()
kernel:detach(disk)
local nobody = disk:stray{ at = from, read = 16, process = bob }
expect(not nobody.ok and #m:faults() == 1, "when he has gone, too, the device reaches nothing")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
say("    1. Two processes gave a device their own pointers; it kept their memories apart.")
say("    2. Pages came when the device touched them, without a fault.")
say("    3. What the kernel took away, the device lost at once.")
say("    4. A process ended under a working device: its memory was safe, and late accesses were named.")
