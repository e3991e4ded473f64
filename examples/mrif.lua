-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- Virtual CPUs that sleep: a hart has few interrupt files, and a CPU that waits for something needs none.
-- Its interrupts go to a file in memory, and the IOMMU tells the hypervisor of each.
--
--	iommux run examples/mrif.lua

local m = machine{ ram = 32 * MiB }
if m:arch() == "vtd" then
	say("Interrupts of this machine's virtual CPUs are in memory always: examples/interrupts.lua has that.")
	return
end
local nic = m:device{ pci = "01:00.0" }
local vm = m:vm{ name = "red", ram = 2 * MiB, vcpus = 4 }
vm:assign(nic)
local from, to = vm:buffer{ bytes = PAGE }, vm:buffer{ bytes = PAGE }
from:fill("red's own words; ")

local function copy(cpu)
	nic:interrupt_to(cpu)
	return nic:copy{ from = from:pages()[1], to = to:pages()[1], bytes = 512 }
end

local function line(what, v)
	say("    %-34s  %-6s  %12s  %10d  %7d", what, v.asleep and "asleep" or "awake", hex(v.physical),
	    v.interrupts, v.notices)
end

-- ---------------------------------------------------------------------------------------------
title("1. A CPU falls asleep, and an interrupt wakes it")

say("CPU 2 of guest red has nothing to do.  The hypervisor takes its interrupt file away: from now on the")
say("page that devices write to is a file of 512 bytes in memory.")
say()
say("                                        CPU 2   its file at   interrupts  notices")
local awake = vm:vcpus()[2]
line("at first", awake)
vm:sleep{ vcpu = 2 }
local asleep = vm:vcpus()[2]
line("put to sleep", asleep)
copy(1)
local still = vm:vcpus()[2]
line("the device interrupts CPU 1", still)
local answer = copy(2)
local woken = vm:vcpus()[2]
line("the device interrupts CPU 2", woken)
say()
expect(asleep.asleep and asleep.physical >= 0x80000000 and asleep.at == awake.at,
       "its file is in memory, at the same guest-physical address")
expect(still.asleep and still.notices == 0, "what is for others does not concern it")
expect(answer.ok and answer.interrupt and not woken.asleep and woken.notices == 1,
       "the hypervisor had notice of the interrupt, and woke it")
expect(woken.interrupts == awake.interrupts + 1, "and it took the interrupt itself")

-- ---------------------------------------------------------------------------------------------
title("2. More CPUs than interrupt files")

for cpu = 1, 4 do
	vm:sleep{ vcpu = cpu }
end
local guests = { vm }
for i = 2, 8 do
	guests[i] = m:vm{ name = "guest " .. i, ram = 1 * MiB, vcpus = 4 }
end

local function count()
	local cpus, sleeping = 0, 0
	for _, g in ipairs(guests) do
		for _, v in ipairs(g:vcpus()) do
			cpus = cpus + 1
			sleeping = sleeping + (v.asleep and 1 or 0)
		end
	end
	return cpus, sleeping
end

local cpus, sleeping = count()
say("Four harts have 7 files each for virtual CPUs, 28 in all.  There are %d guests now, with %d CPUs: those of", #guests, cpus)
say("red sleep, and the others have all the files.  The device interrupts each of red's CPUs:")
say()
say("                                        state   its file at   interrupts  notices")
local before, heard = vm:vcpus(), 0
for cpu = 1, 4 do
	heard = heard + (copy(cpu).interrupt and 1 or 0)
end
local waiting = vm:vcpus()
for cpu = 1, 4 do
	line(string.format("CPU %d", cpu), waiting[cpu])
end
guests[8]:stop()
guests[8] = nil
local after = vm:vcpus()
say()
say("Guest 8 is stopped, and its files are free:")
local taken, awake_again = 0, 0
for cpu = 1, 4 do
	line(string.format("CPU %d", cpu), after[cpu])
	taken = taken + after[cpu].interrupts - before[cpu].interrupts
	awake_again = awake_again + (after[cpu].asleep and 0 or 1)
end
say()
expect(cpus == 32 and sleeping == 4, "28 files were enough for 32 CPUs")
expect(heard == 0 and waiting[4].asleep and waiting[4].notices == before[4].notices + 1,
       "who is interrupted without a file to wake up with waits for one")
expect(awake_again == 4 and taken == 4, "and takes the interrupt as soon as there is one")
for i = 2, 7 do
	guests[i]:stop()
end

-- ---------------------------------------------------------------------------------------------
title("3. A thousand turns")

local sent, had = 0, 0
for _, v in ipairs(vm:vcpus()) do
	had = had + v.interrupts
end
local heard_all = true
for turn = 1, 1000 do
	local cpu = turn % 4 + 1
	if turn % 3 == 0 then
		vm:sleep{ vcpu = cpu }
	elseif turn % 5 == 0 then
		vm:wake{ vcpu = cpu }
	else
		vm:move{ vcpu = cpu, hart = (vm:vcpus()[cpu].hart + 1) % 4 }
	end
	heard_all = heard_all and copy(turn * 7 % 4 + 1).interrupt
	sent = sent + 1
end
local got, sleeps, notices = -had, 0, 0
for _, v in ipairs(vm:vcpus()) do
	got = got + v.interrupts
	sleeps = sleeps + v.sleeps
	notices = notices + v.notices
end
say("Red's CPUs sleep, wake and move, while the device interrupts one or another of them:")
say()
say("    %d interrupts sent, %d taken; the CPUs slept %d times, and the hypervisor had %d notices",
    sent, got, sleeps, notices)
say()
expect(heard_all and got == sent, "none was lost, and none came twice")
expect(notices > 0 and #m:faults() == 0, "some came to memory first, and the IOMMU refused none")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
say("    1. A CPU without an interrupt file got its interrupts all the same, and was woken by them.")
say("    2. Harts' files could be lent to those who run.")
say("    3. Nothing was lost on the way from hart to memory and back.")
