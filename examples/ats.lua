-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- A device that keeps translations itself (PCI Express ATS): what that spares, what taking memory
-- back then means, and what becomes of a device that does not answer.
--
--	iommux run examples/ats.lua

local m = machine{ ram = 64 * MiB }
local nic = m:device{ pci = "01:00.0", ats = true }
local space = m:domain("translated")

space:attach(nic)
nic:ats(true)

local function asked(work)
	local before = nic:counters().translation_requests
	local result = work()
	return nic:counters().translation_requests - before, result
end

local function heard()
	return nic:counters().invalidations
end

-- ---------------------------------------------------------------------------------------------
title("1. The device asks once, and keeps the answer")

local size = 8 * PAGE
local source = m:buffer{ bytes = size, scattered = true }
local target = m:buffer{ bytes = size, scattered = true }
local from = space:map{ buffer = source, access = "read" }
local to = space:map{ buffer = target }
source:fill("translated once, used often; ")

local function copy()
	return nic:copy{ from = from, to = to, bytes = size }
end

local first, result = asked(copy)
local second = asked(copy)
say("Device %s copies %d pages to %d others, twice.  What it asks the IOMMU for:", nic:name(),
    size // PAGE, size // PAGE)
say()
say("    first copy   %3d translations", first)
say("    second copy  %3d", second)
say()
expect(result.ok and result.interrupt, "the copy is done, and its interrupt came")
expect(target:read{ bytes = size } == source:read{ bytes = size }, "what arrived is the same")
expect(first >= 2 * size // PAGE, "each page was asked for, and so was the device's ring")
expect(second == 0, "the second copy asked for nothing")

-- ---------------------------------------------------------------------------------------------
title("2. Memory is taken back while the device is using it")

local page = m:buffer{ bytes = PAGE }
local at = space:map{ buffer = page }
local late = "written by an access that had begun before"
local begun = nic:store_slowly{ at = at, write = late, ns = 200000 }
local before_unmap = page:read{ bytes = #late }
local count = heard()
local done = space:unmap{ buffer = page }
local after_unmap = page:read{ bytes = #late }

say("The device begins to store to %s and takes 200 us.  Meanwhile the kernel unmaps the page: its",
    hex(at))
say("driver has the IOMMU forget the page, then the device, and waits until the device has answered.")
say()
expect(begun and before_unmap ~= late, "the store had begun, and nothing had arrived")
expect(heard() == count + 1, "the device was told once to forget the page")
expect(done and after_unmap == late,
       "unmapping ended when the store had: nothing arrives later")

page:fill("the kernel's own again; ")
local kept = page:read{ bytes = PAGE }
m:faults()
local stray = nic:stray{ at = at, write = late }
expect(not stray.ok and stray.status == "not permitted",
       "the device stores once more: %s", stray.status)
expect(page:read{ bytes = PAGE } == kept, "the page is out of reach")
expect(#m:faults() == 0, "a device that asks first causes no fault by that")

-- The same address, another page: what the device kept must not lead to the first.
local other = m:buffer{ bytes = PAGE }
space:map{ buffer = other, at = at }
local again = nic:stray{ at = at, write = "for the new page" }
expect(again.ok and other:read{ bytes = 16 } == "for the new page",
       "mapped anew, the address leads to the new page")
expect(page:read{ bytes = PAGE } == kept, "and not to the old one")

-- ---------------------------------------------------------------------------------------------
title("3. A device that does not answer")

nic:stray{ at = to, write = "kept" }
nic:deaf(true)
local told = heard()
local answered = space:unmap{ buffer = target }
local reaches = nic:stray{ at = to, write = "too late" }
say("The device hears nothing any more.  The kernel unmaps a buffer; its driver waits for an answer, and")
say("gives up.  The buffer must not be used again yet: the device has it in its cache.")
say()
say("    unmapping            %s", answered and "done" or "not answered in time")
say("    the device's store   %s", reaches.status)
say()
expect(not answered and heard() == told, "the driver reports the silence")
expect(reaches.ok and target:read{ bytes = 8 } == "too late", "the danger is real")

target:fill("safe from here on; ")
local safe = target:read{ bytes = size }
nic:ats(false)
answered = space:unmap{ buffer = target }
m:faults()
local refused = nic:stray{ at = to, write = "too late" }
local faults = m:faults()
say()
say("So the kernel takes ATS away from it, and unmaps again.  The device still uses what it has kept:")
say()
say("    unmapping            %s", answered and "done" or "not answered in time")
say("    the device's store   %s: %s", refused.status, faults[1] and faults[1].reason or "no fault")
say()
expect(answered, "nobody needs its answer now")
expect(not refused.ok and target:read{ bytes = size } == safe, "its store does not arrive")
expect(#faults == 1 and faults[1].device == nic, "and is reported, with the device's name")

title("What was shown")
say("    1. A device with a translation cache asks for each page once.")
say("    2. Taking memory back waits for accesses that have begun, and for nothing else.")
say("    3. A device that keeps silent is found out, and shut out.")
