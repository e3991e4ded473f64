-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- A guest with an IOMMU of its own, in four acts.  What it tells its IOMMU is carried over to the
-- machine's, which then translates in two stages: the guest's tables, then the hypervisor's.  Beside it
-- a device that the guest wants untranslated, and one that the hypervisor keeps.
--
--	iommux run examples/guest.lua

local m = machine{ ram = 64 * MiB }
local d1 = m:device{ pci = "01:00.0", bits = 32 }
local d2 = m:device{ id = 0x20 }
local d3 = m:device{ id = 0x21, bits = 32 }

local guest = m:vm{ name = "guest", ram = 8 * MiB, vcpus = 2, iommu = true }
local number = guest:assign(d1)
guest:assign(d2)

local size = 4 * PAGE

-- ---------------------------------------------------------------------------------------------
title("1. Three devices, three ways to memory")

-- Before the guest's kernel has attached them, the devices reach nothing.
local early = d1:stray{ at = 0x80000000, read = 16 }
m:faults()
guest:faults()

-- D1: the guest's kernel makes scattered pages contiguous, as every kernel does.
local inner = guest:domain("translated")
inner:attach(d1)
local b1 = { from = guest:buffer{ bytes = size, scattered = true }, to = guest:buffer{ bytes = size, scattered = true } }
local a1 = { from = inner:map{ buffer = b1.from, access = "read" }, to = inner:map{ buffer = b1.to } }

-- D2: the guest lets it use what it takes for physical addresses.
local plain = guest:domain("identity")
plain:attach(d2)
local b2 = { from = guest:buffer{ bytes = size }, to = guest:buffer{ bytes = size } }
local a2 = { from = plain:map{ buffer = b2.from }, to = plain:map{ buffer = b2.to } }

-- D3: the hypervisor's own.
local own = m:domain("translated")
own:attach(d3)
local b3 = { from = m:buffer{ bytes = size, scattered = true }, to = m:buffer{ bytes = size, scattered = true } }
local a3 = { from = own:map{ buffer = b3.from, access = "read" }, to = own:map{ buffer = b3.to } }

say("D1, %s, and D2, %s, were assigned to a guest that has an IOMMU of its own, and a driver", d1:name(), d2:name())
say("for it in its kernel.  D3, %s, stays with the hypervisor.", d3:name())
say()
say("    D1  both stages: the guest's tables, then the hypervisor's")
say("    D2  the second stage alone: the guest asked its IOMMU not to translate")
say("    D3  the first stage alone: the hypervisor's tables for a device of its own")
say()
say("Where each address leads; IOVA is what the device uses, GPA what the guest takes for physical, SPA")
say("the machine's memory.  The GPA is what the guest's driver says, the SPA what the hypervisor says:")
say()
say("             IOVA             GPA             SPA")

-- One line for a translation; true if the machine's IOMMU says the same.
local function line(name, device, iova, gpa, spa)
	if gpa then
		say("    %-3s %12s -> %12s -> %12s", name, hex(iova), hex(gpa), hex(spa))
	else
		say("    %-3s %12s -----------------> %12s", name, hex(iova), hex(spa))
	end
	return device:translate{ at = iova } == spa
end

local agree = true
for i = 0, size // PAGE - 1 do
	local iova = a1.to + i * PAGE
	local gpa = inner:lookup(iova)
	agree = line(i == 0 and "D1" or "", d1, iova, gpa, guest:lookup(gpa)) and agree
end
for i = 0, size // PAGE - 1 do
	local iova = a2.to + i * PAGE
	local gpa = plain:lookup(iova)
	agree = line(i == 0 and "D2" or "", d2, iova, gpa, guest:lookup(gpa)) and agree
end
for i = 0, size // PAGE - 1 do
	local iova = a3.to + i * PAGE
	agree = line(i == 0 and "D3" or "", d3, iova, nil, own:lookup(iova)) and agree
end
say()

local function works(device, a, b, text)
	b.from:fill(text)
	local r = device:copy{ from = a.from, to = a.to, bytes = size }
	return r.ok and r.interrupt and b.to:read{ bytes = size } == b.from:read{ bytes = size }
end

expect(not early.ok, "before the guest had said a word about D1, it reached nothing")
expect(agree, "the machine's IOMMU leads every address where guest and hypervisor together say")
expect(works(d1, a1, b1, "through both stages; "), "D1 copied %d bytes between scattered pages, and interrupted the guest", size)
expect(works(d2, a2, b2, "through the second; "), "so did D2, with the guest's own addresses")
expect(works(d3, a3, b3, "through the first; "), "so did D3, for the hypervisor")
expect(#m:faults() == 0 and #guest:faults() == 0, "neither guest nor hypervisor got a complaint")

-- ---------------------------------------------------------------------------------------------
title("2. The guest changes its tables, and the machine follows")

local other = guest:buffer{ bytes = size, scattered = true }
local counts = guest:counters()
local spa_before = d1:translate{ at = a1.to, access = "write" }
inner:unmap{ buffer = b1.to }
local gone = d1:copy{ from = a1.from, to = a1.to, bytes = size }
m:faults()
guest:faults()
inner:map{ buffer = other, at = a1.to }
local spa_after = d1:translate{ at = a1.to, access = "write" }
b1.from:fill("to the other buffer; ")
b1.to:fill("untouched; ")
local again = d1:copy{ from = a1.from, to = a1.to, bytes = size }
local told = guest:counters().invalidations - counts.invalidations

say("The guest unmaps %s, tries once more, and maps another buffer there.  When it unmaps, its driver", hex(a1.to))
say("tells its IOMMU what to forget, in %d commands; the hypervisor hears of them and passes them on.  It", told)
say("has nothing else to do: the machine's IOMMU reads the guest's tables itself.")
say()
say("    %-24s %12s -> %12s -> %12s", "before", hex(a1.to), hex(b1.to:pages()[1]), hex(spa_before))
say("    %-24s %12s    %s", "unmapped", hex(a1.to), gone.status)
say("    %-24s %12s -> %12s -> %12s", "mapped again", hex(a1.to), hex(other:pages()[1]), hex(spa_after))
say()
expect(told > 0, "what the guest invalidated was passed on")
expect(not gone.ok and gone.refused_at == a1.to, "when the guest had unmapped the buffer, D1 could not reach it")
expect(again.ok and other:read{ bytes = size } == b1.from:read{ bytes = size }, "what D1 wrote next is in the other buffer")
expect(b1.to:read{ bytes = size } == ("untouched; "):rep(size):sub(1, size), "and not in the first")
expect(spa_before == guest:lookup(b1.to:pages()[1]) and spa_after == guest:lookup(other:pages()[1]),
       "both are where they always were: the guest's memory did not move")

-- ---------------------------------------------------------------------------------------------
title("3. Whose fault it is")

m:faults()
guest:faults()
local stray_at = 0x7654000
local stray = d1:stray{ at = stray_at, write = "stray" }
local host_saw, guest_saw = m:faults(), guest:faults()

-- The guest's kernel turns hostile: its own tables may say what they like.
local beyond = 0x80000000 + 8 * MiB
local hostile_at = 0x4000000
inner:map{ physical = beyond, bytes = PAGE, at = hostile_at }
local hostile = d1:stray{ at = hostile_at, write = "hostile" }
local host_saw_2, guest_saw_2 = m:faults(), guest:faults()

local function tell(who, faults)
	for _, f in ipairs(faults) do
		say("    %-12s  %-7s  %-9s  %9s  %s", who, f.vm and f.vm:name() or "-", hex(f.id), hex(f.address), f.reason)
	end
	if #faults == 0 then
		say("    %-12s  nothing", who)
	end
end

say("D1 writes to %s, which the guest never mapped.  The guest's IOMMU tells the guest, by the number", hex(stray_at))
say("that D1 has there, %s; the hypervisor sees it too, by the machine's number:", hex(number))
say()
say("    who is told   guest    device       address  why")
tell("the guest", guest_saw)
tell("hypervisor", host_saw)
say()
say("Then the guest maps %s to %s, where it has no memory, and D1 writes there.  The guest's tables", hex(hostile_at), hex(beyond))
say("allow it, the hypervisor's do not:")
say()
tell("the guest", guest_saw_2)
tell("hypervisor", host_saw_2)
say()
expect(not stray.ok and #guest_saw == 1 and guest_saw[1].device == d1 and guest_saw[1].id == number
       and guest_saw[1].address == stray_at,
       "the guest learnt from its own IOMMU which of its devices went astray, and where")
expect(#host_saw == 1 and host_saw[1].vm == guest and host_saw[1].device == d1, "the hypervisor knows whose device it was")
expect(not hostile.ok and #guest_saw_2 == 0, "a guest's tables cannot reach beyond the guest")
-- Some IOMMUs report the device's address alone; the guest's tables say what that meant.
local tried = host_saw_2[1] and host_saw_2[1].guest_address
if tried == 0 then
	tried = inner:lookup(host_saw_2[1].address)
end
expect(#host_saw_2 == 1 and host_saw_2[1].vm == guest and tried == beyond,
       "the hypervisor learns which guest tried, and the guest-physical address")
expect(works(d3, a3, b3, "all the while; "), "the hypervisor's own device works on")

-- ---------------------------------------------------------------------------------------------
title("4. The end")

inner:detach(d1)
local detached = d1:stray{ at = a1.from, read = 16 }
guest:stop()
local stopped = d2:stray{ at = a2.from, read = 16 }
own:attach(d1)
local r = d1:copy{ from = a3.from, to = a3.to, bytes = size }
say("The guest detaches D1; then it is stopped while D2 is still attached.  D1 goes to the hypervisor, and joins")
say("D3 in its domain, although the two are behind different bridges.")
say()
expect(not detached.ok, "detached by the guest, D1 reached nothing")
expect(not stopped.ok, "when the guest had been stopped, D2 reached nothing")
expect(r.ok and r.interrupt, "D1 works for the hypervisor")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
say("    1. Two stages, the second alone, the first alone: %d addresses led where they should.", 3 * size // PAGE)
say("    2. A guest's own IOMMU, driven by the guest's own driver, rules the real one within the guest.")
say("    3. Faults go to whom they concern, and a hostile guest reaches no further than its memory.")
