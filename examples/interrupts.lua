-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- Interrupts, in four acts: what a device may send and what it may forge; an interrupt that moves from CPU to
-- CPU while it comes; wires; and virtual CPUs that get theirs without the hypervisor, running or not.
--
--	iommux run examples/interrupts.lua
--	iommux run --arch vtd examples/interrupts.lua

local m = machine{ ram = 32 * MiB }
local nic = m:device{ pci = "01:00.0" }
local rogue = m:device{ pci = "02:00.0" }

-- Some machines remap interrupts: a device names an entry of a table, which says what becomes of it.
local remaps = m:arch() == "vtd"

local space, others = m:domain("translated"), m:domain("translated")
space:attach(nic)
others:attach(rogue)
local from, to = m:buffer{ bytes = PAGE }, m:buffer{ bytes = PAGE }
from:fill("what is copied; ")
local from_at, to_at = space:map{ buffer = from, access = "read" }, space:map{ buffer = to }

local function copy()
	return nic:copy{ from = from_at, to = to_at, bytes = 512 }
end

-- ---------------------------------------------------------------------------------------------
title("1. What a device may send")

local real = copy()
local own = nic:message()
say("The driver of %s told it to store %s to %s when it has finished:", nic:name(), hex(own.data), hex(own.address))
if remaps then
	say("that names an entry of the IOMMU's table, which names a CPU and a vector, and who may use it.")
else
	say("that is a page of a CPU's, and the number of an interrupt.")
end
say()
m:faults()
local before, spurious = nic:counters().interrupts, m:counters().spurious_interrupts
local attempts = {
	{ "one of a CPU's, without asking", nic, { data = 77 } },
	{ "the one of the other device", rogue, { at = own.address, data = own.data } },
}
if remaps then
	attempts[3] = { "one that nobody was given", nic, { at = own.address + (200 << 5), data = 0 } }
end
say("    device   it sends                          what the kernel is told")
local refused, named = 0, 0
for _, a in ipairs(attempts) do
	local answer = a[2]:forge_interrupt(a[3])
	local f = m:faults()[1]
	say("    %-7s  %-32s  %s", a[2]:name(), a[1], f and f.reason or "nothing")
	refused = refused + (answer.ok and 0 or 1)
	named = named + (f and f.device == a[2] and f.interrupt and 1 or 0)
end
local forged = nic:counters().interrupts - before
local nobodys = m:counters().spurious_interrupts - spurious
say()
expect(real.ok and real.interrupt, "the device's own interrupt arrived")
if remaps then
	expect(refused == 3 and named == 3, "none that was forged passed, and each report names the device")
	expect(forged == 0 and nobodys == 0, "no CPU noticed")
else
	expect(refused == 0 and forged == 1 and nobodys == 1,
	       "what was forged arrived: page tables cannot tell one interrupt from another")
end

-- ---------------------------------------------------------------------------------------------
title("2. From CPU to CPU, while it comes")

local rounds, cpus = 250, m:cpus()
local sent, ended = 0, 0
local had = {}
for i, cpu in ipairs(cpus) do
	had[i] = cpu.interrupts
end
for _ = 1, rounds do
	-- Each interrupt is still pending where it went when the next one already goes elsewhere.
	for i = 1, #cpus do
		nic:interrupt_to(i)
		nic:order{ from = from_at, to = to_at, bytes = 512 }
		sent = sent + 1
	end
	m:cpus()
	for _, result in ipairs(nic:results()) do
		ended = ended + (result.ok and 1 or 0)
	end
end
say("%s gets %d orders; its interrupt goes to another CPU before each, and those before are still pending:",
    nic:name(), sent)
say()
say("    CPU   interrupts")
local taken, even = 0, true
for i, cpu in ipairs(m:cpus()) do
	local n = cpu.interrupts - had[i]
	say("    %3d   %10d", i, n)
	taken = taken + n
	even = even and n == rounds
end
say()
expect(ended == sent, "the device carried out all of them")
expect(taken == sent and even, "none was lost, none came twice, and each CPU got its own")
if remaps then
	expect(nic:message().address == own.address and nic:message().data == own.data,
	       "the device was told nothing: only its entry changed")
end
nic:interrupt_to(1)

-- ---------------------------------------------------------------------------------------------
title("3. Wires")

if remaps then
	local edge, level = 4, 5
	local counts = { [edge] = 0, [level] = 0 }
	local before_wires = m:cpus()
	for i = 1, 40 do
		m:wire{ pin = edge, cpu = i % #cpus + 1 }
		m:wire{ pin = level, cpu = i % #cpus + 1, level = true }
		counts[edge] = m:raise(edge)
		counts[level] = m:raise(level)
	end
	local after_wires = m:cpus()
	say("Two wires end at the I/O APIC, which is a requester of the IOMMU like any device: it names entries of")
	say("its own.  One interrupts when it rises, the other as long as it is up.  They are raised 40 times:")
	say()
	say("    CPU   interrupts")
	local shared = true
	for i = 1, #cpus do
		local n = after_wires[i].interrupts - before_wires[i].interrupts
		say("    %3d   %10d", i, n)
		shared = shared and n == 20
	end
	say()
	expect(counts[edge] == 40 and counts[level] == 40, "each time there was one interrupt of each")
	expect(shared, "and it went where the entry said at that time")
	expect(#m:faults() == 0, "the IOMMU refused none")
else
	say("This machine has none: all that interrupts is a message.")
end

-- ---------------------------------------------------------------------------------------------
title("4. Virtual CPUs, running or not")

space:detach(nic)
local vm = m:vm{ name = "red", ram = 2 * MiB, vcpus = 2 }
vm:assign(nic)
local inside = { from = vm:buffer{ bytes = PAGE }, to = vm:buffer{ bytes = PAGE } }

local function interrupt(cpu)
	nic:interrupt_to(cpu)
	return nic:copy{ from = inside.from:pages()[1], to = inside.to:pages()[1], bytes = 512 }
end

local function line(what, v)
	say("    %-34s  %-6s  %4d  %12s  %10d  %7d", what, v.asleep and "asleep" or "awake", v.hart,
	    hex(v.physical), v.interrupts, v.notices)
end

say("%s belongs to a guest now, whose kernel has it interrupt CPU 2.  \"Goes to\" is where the IOMMU turns:", nic:name())
say()
say("                                        CPU 2   hart       goes to  interrupts  notices")
local first = vm:vcpus()[2]
line("at first", first)
local ran = interrupt(2)
local running = vm:vcpus()[2]
line("the device interrupts it", running)
vm:sleep{ vcpu = 2 }
local asleep = vm:vcpus()[2]
line("it is put to sleep", asleep)
interrupt(1)
local still = vm:vcpus()[2]
line("the device interrupts CPU 1", still)
local roused = interrupt(2)
local woken = vm:vcpus()[2]
line("the device interrupts CPU 2", woken)
say()
expect(ran.interrupt and running.interrupts == 1 and running.notices == 0,
       "running, it had its interrupt, and the hypervisor knew nothing of it")
expect(asleep.physical ~= running.physical, "asleep, its interrupts go elsewhere")
expect(still.asleep and still.notices == 0, "what is for others does not wake it")
expect(roused.interrupt and not woken.asleep and woken.notices == 1 and woken.interrupts == 2,
       "what is for it does: the hypervisor had notice, and let it run")

local turns, count = 600, -3
local arrived = true
for turn = 1, turns do
	local cpu = turn % 2 + 1
	if turn % 3 == 0 then
		vm:sleep{ vcpu = cpu }
	elseif turn % 5 == 0 then
		vm:wake{ vcpu = cpu }
	else
		vm:move{ vcpu = cpu, hart = (vm:vcpus()[cpu].hart + 1) % 4 }
	end
	arrived = interrupt(turn // 2 % 2 + 1).interrupt and arrived
end
local sleeps, notices = 0, 0
for _, v in ipairs(vm:vcpus()) do
	count = count + v.interrupts
	sleeps, notices = sleeps + v.sleeps, notices + v.notices
end
say()
say("Then its CPUs sleep, wake and move, %d turns long, while the device interrupts one or the other:", turns)
say()
say("    %d interrupts sent, %d taken; the CPUs slept %d times, and the hypervisor had %d notices", turns, count,
    sleeps, notices)
say()
expect(arrived and count == turns, "none was lost, and none came twice")
expect(#m:faults() == 0, "and the IOMMU refused none")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
if remaps then
	say("    1. A device sends what it was given, and nothing else.")
else
	say("    1. A device interrupts who lent it a page, by any number.")
end
say("    2. An interrupt moved from CPU to CPU while it came, and none was lost.")
if remaps then
	say("    3. Wires are remapped as messages are.")
end
say("    4. Virtual CPUs got their interrupts themselves, and were woken by them.")
