-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- What a hypervisor has an IOMMU for, in four acts: guests drive devices of their own with the addresses
-- that they take for physical; interrupts of those devices go to the guest's own processors; a
-- device that reaches for another guest is stopped and named; and what is left of a guest that was
-- stopped reaches nothing.
--
--	iommux run examples/hypervisor.lua

-- Not much memory, so that the last guest must get some that the first one had.
local m = machine{ ram = 20 * MiB }
local nic = m:device{ pci = "01:00.0" }
local disk = m:device{ id = 0x20, bits = 32 }

local red = m:vm{ name = "red", ram = 8 * MiB, vcpus = 3 }
local blue = m:vm{ name = "blue", ram = 8 * MiB, vcpus = 2 }
red:assign(nic)
blue:assign(disk)

-- ---------------------------------------------------------------------------------------------
title("1. Guests drive devices with guest-physical addresses")

local size = 16 * KiB
local guests = {
	{ vm = red, device = nic, text = "red's own words; " },
	{ vm = blue, device = disk, text = "blue's own words; " },
}

say("The machine has a PCI Express bridge and one for devices on the chip, each with an IOMMU.  Guest red")
say("was given %s, which is behind the first, and guest blue %s, which is behind the second.", nic:name(), disk:name())
say("No guest has an IOMMU of its own: its driver tells the device what the guest takes for physical")
say("addresses.  Both guests have memory from %s on, and %d MiB of it; this is where it is:", hex(0x80000000), 8)
say()
say("    guest-physical    red's is at   blue's is at")
local apart, scattered = true, 0
for i = 0, 3 do
	local gpa = 0x80000000 + i * PAGE
	local r, b = red:lookup(gpa), blue:lookup(gpa)
	say("    %14s   %12s   %12s", hex(gpa), hex(r), hex(b))
	apart = apart and r ~= b
	if red:lookup(gpa + PAGE) ~= r + PAGE then
		scattered = scattered + 1
	end
end
say("    %14s   %12s   %12s", "...", "...", "...")
say()

say("Each guest has its device copy %d KiB:", size // KiB)
say()
say("    guest  device       from          to            arrived at    bytes  interrupt")
local all_copied, all_arrived = true, true
for _, g in ipairs(guests) do
	g.from = g.vm:buffer{ bytes = size }
	g.to = g.vm:buffer{ bytes = size }
	g.from:fill(g.text)
	local from, to = g.from:pages()[1], g.to:pages()[1]
	local went = g.device:translate{ at = to, access = "write" }
	local r = g.device:copy{ from = from, to = to, bytes = size }
	say("    %-5s  %-11s  %-12s  %-12s  %-12s  %5d  %s", g.vm:name(), g.device:name(),
	    hex(from), hex(to), hex(went), r.bytes, r.interrupt and "arrived" or "lost")
	all_copied = all_copied and r.ok and r.interrupt
	all_arrived = all_arrived and went == g.vm:lookup(to)
		and g.to:read{ bytes = size } == g.from:read{ bytes = size }
end
say()
expect(apart, "the same guest-physical page is another page for each guest")
expect(scattered > 0, "what follows each other for the guest need not in the machine")
expect(all_copied, "both devices carried out their orders and said so")
expect(all_arrived, "and what they copied is where their own guest finds it")
expect(#m:faults() == 0, "nobody complained")

-- ---------------------------------------------------------------------------------------------
title("2. Interrupts go to the guest's own processors")

say("Each virtual CPU has a page that interrupt messages are written to.  The guest knows it at a guest-")
say("physical address; what is written there arrives at the hart on which the virtual CPU runs.")
say()

local function show_vcpus(vms)
	say("    guest  CPU  guest-physical  hart  slot     physical  interrupts")
	for _, vm in ipairs(vms) do
		for i, v in ipairs(vm:vcpus()) do
			say("    %-5s  %3d  %14s  %4d  %4d  %11s  %10d", i == 1 and vm:name() or "", i,
			    hex(v.at), v.hart, v.file, hex(v.physical), v.interrupts)
		end
	end
	say()
end

local function copy(g)
	return g.device:copy{ from = g.from:pages()[1], to = g.to:pages()[1], bytes = 512 }
end

local counts = {}
for i, v in ipairs(red:vcpus()) do
	counts[i] = v.interrupts
	nic:interrupt_to(i)
	for _ = 1, i do
		copy(guests[1])
	end
end
say("Guest red has its device interrupt CPU 1 once more, CPU 2 twice, CPU 3 three times:")
say()
show_vcpus{ red, blue }

local right = true
for i, v in ipairs(red:vcpus()) do
	right = right and v.interrupts == counts[i] + i
end
expect(right, "each CPU of red was interrupted as often as red meant it to be")
expect(blue:vcpus()[1].interrupts == 1 and blue:vcpus()[2].interrupts == 0,
       "and none of blue's but for the device of blue")

local before = red:vcpus()[3]
red:move{ vcpu = 3, hart = (before.hart + 1) % 4 }
local moved = copy(guests[1])
local after = red:vcpus()[3]
say()
say("The hypervisor moves red's CPU 3 from hart %d to hart %d.  The device is told nothing, and the guest",
    before.hart, after.hart)
say("goes on with %s; the IOMMU has messages arrive at %s instead of %s.", hex(after.at),
    hex(after.physical), hex(before.physical))
say()
expect(after.at == before.at and after.physical ~= before.physical,
       "the guest's address has stayed, the place is another one")
expect(moved.interrupt and after.interrupts == before.interrupts + 1,
       "the next interrupt arrived at the new one")

-- ---------------------------------------------------------------------------------------------
title("3. A device reaches for another guest")

m:faults()
-- A page whose physical address is none of red's guest-physical ones: those are red's to use.
local secret
repeat
	secret = blue:buffer{ bytes = PAGE }
until not red:lookup(blue:lookup(secret:pages()[1]))
secret:fill("blue's secret; ")
local secret_gpa = secret:pages()[1]
local secret_spa = blue:lookup(secret_gpa)

local blue_before = { secret:read{ bytes = PAGE }, blue:vcpus()[1].interrupts, blue:vcpus()[2].interrupts }
local attempts = {
	{ "blue's page", secret_spa,
	  function(at) return nic:stray{ at = at, write = "overwritten" } end },
	{ "memory behind its own", 0x80000000 + 8 * MiB,
	  function(at) return nic:stray{ at = at, read = 64 } end },
	{ "registers of the IOMMU", 0x03010000,
	  function(at) return nic:stray{ at = at, write = "\0\0\0\0" } end },
	{ "a CPU of blue's", blue:vcpus()[1].physical,
	  function(at) return nic:forge_interrupt{ at = at, data = 40 } end },
	{ "a CPU that red has not", red:vcpus()[1].at + 3 * PAGE,
	  function(at) return nic:forge_interrupt{ at = at, data = 40 } end },
}

say("Device %s of guest red has been taken over, and knows where everything is.  It writes to blue's", nic:name())
say("page and sends to blue's CPU by their physical addresses, and elsewhere:")
say()
say("    it reaches for            guest  device           address  what the hypervisor is told")
-- Some IOMMUs take all messages for interrupts, and report them as such, without an address.
local function where(f)
	return f.address and hex(f.address) or "a message"
end

local refused, named = 0, 0
for _, a in ipairs(attempts) do
	local what, at, try = a[1], a[2], a[3]
	local answer = try(at)
	local faults = m:faults()
	local f = faults[1]
	say("    %-24s  %-5s  %-11s  %12s  %s", what, f.vm and f.vm:name() or "?",
	    f.device and f.device:name() or "?", where(f), f.reason)
	if not answer.ok then
		refused = refused + 1
	end
	if #faults == 1 and f.vm == red and f.device == nic and (f.address == at or f.interrupt) then
		named = named + 1
	end
end
say()
say("Blue itself knows its page as %s.  There red's device finds memory, but red's own, at %s.",
    hex(secret_gpa), hex(red:lookup(secret_gpa)))
say()
local own = nic:stray{ at = secret_gpa, read = 16 }
expect(refused == #attempts, "none of it was let through")
expect(named == #attempts, "each report names the guest, the device and the address")
expect(own.ok and own.data ~= secret:read{ bytes = 16 }, "blue's address led red's device to red's memory")
expect(secret:read{ bytes = PAGE } == blue_before[1], "blue's memory is unchanged")
expect(blue:vcpus()[1].interrupts == blue_before[2] and blue:vcpus()[2].interrupts == blue_before[3],
       "blue was not interrupted")
expect(copy(guests[2]).ok, "and blue's device works on")

-- ---------------------------------------------------------------------------------------------
title("4. What is left of a guest that was stopped")

local target = guests[1].to:pages()[1]
local target_spa = red:lookup(target)
local file = red:vcpus()[1].at
local used = m:counters().free_low_pages
local was_reds = {}
for i = 0, 8 * MiB // PAGE - 1 do
	was_reds[red:lookup(0x80000000 + i * PAGE)] = true
end
red:stop()
local free = m:counters().free_low_pages
m:faults()

say("Guest red is stopped, without being asked.  Its device still has its orders and addresses:")
say()
say("    it reaches for            guest  device           address  what the hypervisor is told")
local dead, told = 0, 0
for _, a in ipairs{ { "red's buffer", target }, { "the same, physically", target_spa }, { "red's own CPU", file } } do
	local answer = nic:stray{ at = a[2], write = "\40\0\0\0" }
	local f = m:faults()[1]
	say("    %-24s  %-5s  %-11s  %12s  %s", a[1], f.vm and f.vm:name() or "none", f.device:name(),
	    where(f), f.reason)
	if not answer.ok then
		dead = dead + 1
	end
	if f.device == nic and not f.vm and (f.address == a[2] or f.interrupt) then
		told = told + 1
	end
end

local green = m:vm{ name = "green", ram = 8 * MiB, vcpus = 1 }
local still = nic:stray{ at = green:vcpus()[1].at, write = "\40\0\0\0" }
local taken = m:faults()
green:assign(nic)
local g = { vm = green, device = nic, from = green:buffer{ bytes = PAGE }, to = green:buffer{ bytes = PAGE } }
g.from:fill("green's own words; ")
local result = copy(g)
local inherited = 0
for i = 0, 8 * MiB // PAGE - 1 do
	if was_reds[green:lookup(0x80000000 + i * PAGE)] then
		inherited = inherited + 1
	end
end
say()
say("A new guest, green, gets memory, of which %d pages were red's, and then the device too.", inherited)
say()
expect(dead == 3 and told == 3, "the device reaches nothing any more, and each attempt is reported")
expect(free - used >= 8 * MiB // PAGE, "red's %d MiB went back to the machine", 8)
expect(inherited > 0 and not still.ok and #taken == 1, "nor does it reach the next guest before it is given to it")
expect(result.ok and result.interrupt and g.to:read{ bytes = 512 } == g.from:read{ bytes = 512 },
       "given to green, it works for green")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
say("    1. Guests used devices with their own addresses, and only the second stage stood in between.")
say("    2. Interrupts reached the guest's own processors, also after one had moved to another hart.")
say("    3. A device was kept inside its guest: memory, registers, interrupts of others were out of reach.")
say("    4. When a guest was stopped, nothing of it went on; its memory and its device could be given away.")
