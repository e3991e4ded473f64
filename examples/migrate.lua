-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- A guest moves to another virtual machine while its device is at work, in four acts: its memory goes
-- over in rounds; it is stopped with an order half done, an interrupt pending and a command waiting;
-- all of that goes on elsewhere, behind another IOMMU; and the same once more with a hypervisor that
-- forgets what devices store.
--
--	iommux run examples/migrate.lua [IGNORE=devices]
--
-- With IGNORE the dirty log leaves out what devices, or the guest's "iommu", store: checks fail.

local ORDERS, ORDER = 16, 3 * PAGE
local BYTES = ORDERS * ORDER
local RAM = 8 * MiB

-- What a checksum of a buffer's first bytes is.
local function sum_of(buffer)
	local sum = checksum()
	sum:add(buffer, BYTES)
	return sum:text()
end

-- Two virtual machines, their devices behind different bridges; a guest in the first one, at work.
local function build(ignore)
	local w = { m = machine{ ram = 64 * MiB } }
	w.old = w.m:device{ pci = "01:00.0", bits = 32 }
	w.new = w.m:device{ id = 0x20, bits = 32 }
	w.here = w.m:vm{ name = "here", ram = RAM, vcpus = 2, iommu = true, movable = true }
	w.there = w.m:vm{ name = "there", ram = RAM, vcpus = 2, iommu = true, incoming = true }
	w.number = w.here:assign(w.old)
	w.there:assign(w.new)
	w.old:pace(2)
	w.new:pace(2)

	w.inner = w.here:domain("translated")
	w.inner:attach(w.old)
	w.from = w.here:buffer{ bytes = BYTES, scattered = true }
	w.to = w.here:buffer{ bytes = BYTES, scattered = true }
	w.spare = w.here:buffer{ bytes = PAGE }
	w.notes = w.here:buffer{ bytes = 4 * PAGE }
	w.from_at = w.inner:map{ buffer = w.from, access = "read" }
	w.to_at = w.inner:map{ buffer = w.to }
	w.spare_at = w.inner:map{ buffer = w.spare }
	for page = 0, BYTES // PAGE - 1 do
		w.from:write{ offset = page * PAGE, data = (("page %d; "):format(page)):rep(PAGE):sub(1, PAGE) }
	end
	for i = 0, ORDERS - 1 do
		w.old:order{ from = w.from_at + i * ORDER, to = w.to_at + i * ORDER, bytes = ORDER }
	end
	w.ends, w.good = 0, 0
	w.here:track(ignore and { ignore = ignore } or {})
	return w
end

-- The guest takes its interrupts, and looks which orders have come to an end.
local function look(w, vm, device)
	vm:vcpus()
	for _, r in ipairs(device:results()) do
		w.ends = w.ends + 1
		if r.ok and r.bytes == ORDER then
			w.good = w.good + 1
		end
	end
end

local function work(w, vm, device, steps)
	for _ = 1, steps do
		device:step()
		look(w, vm, device)
	end
end

-- Everything from the first round to the guest's going on elsewhere.
local function migrate(w, tell)
	local round = 0
	w.rounds = {}
	local function send(what)
		local r = w.here:send(w.there)
		round = round + 1
		w.rounds[round] = r
		tell("    %5d  %10d  %10d  %14d  %9d   %s", round, r.pages, r.devices, r.iommu, r.cpus, what)
	end

	tell("    round  pages sent  by devices  by guest IOMMU  by CPUs   meanwhile")
	send("nothing: all pages")
	work(w, w.here, w.old, 6)
	w.notes:write{ data = "The CPU was here. " }
	send("6 steps of the device, and a note of the CPU's")
	work(w, w.here, w.old, 3)
	send("3 steps")

	-- The hypervisor is in an access for a device of the guest: the guest's unmap has to wait for it.
	w.here:access_begin()
	w.inner:unmap{ buffer = w.spare, meanwhile = function()
		w.waited = true
		w.old:step()
		w.old:step()
		w.stray = w.old:stray{ at = w.spare_at + PAGE, write = "stray" }
		w.refused = not w.here:pause()
		w.here:access_end()
		w.paused = w.here:pause()
		w.still = not w.old:step()
		send("2 steps, one refusal; then all stood still")

		w.before = w.old:under_way()
		w.pending = w.here:vcpus()[1].pending
		w.differ = w.here:compare(w.there)
		w.ends_before = w.ends
		w.spa_before = w.here:lookup(w.to:pages()[1])
		w.here:move_to(w.there)
		w.after = w.new:under_way()
		w.pending_there = w.there:vcpus()[1].pending
		w.there:resume()
	end }
	w.unmapped = true
end

-- ---------------------------------------------------------------------------------------------
title("1. Memory goes over while the device works")

local w = build(param.IGNORE)
say("A guest in the virtual machine \"here\" has an IOMMU of its own.  It gave its device, %s, %d orders of", w.old:name(), ORDERS)
say("%d pages each; the device copies 2 pages a step.  The virtual machine \"there\" waits for the guest: other", ORDER // PAGE)
say("memory, and %s, which is behind another bridge and so behind another IOMMU.", w.new:name())
say("The hypervisor sends the memory in rounds, of what was stored to since the round before:")
say()
migrate(w, say)
say()
local r = w.rounds
expect(r[1].pages == RAM // PAGE, "the first round has all %d pages", RAM // PAGE)
expect(r[2].pages < 32 and r[3].pages < r[2].pages and r[4].pages < 16, "the later ones have what was stored to, no more")
-- Pages of data, and the one of the ring, where the device tells the ends of its orders; an IOMMU may mark tables.
expect(r[2].devices >= 12 + 1 and r[3].devices >= 6 + 1, "among it all that the device stored to: 12 and 6 pages of data, and its ring")
expect(w.differ == 0, "when all stood still and the last round was sent, no page differed: %d did", w.differ)

-- ---------------------------------------------------------------------------------------------
title("2. What was under way when it stopped")

say("While the guest waits for its IOMMU to carry out an unmap, it is stopped, and goes on there:")
say()
say("                                        here          there")
local function half(u)
	return u and ("%d of %d"):format(u.done, u.bytes) or "nothing"
end
say("    bytes of the order under way  %10s  %13s", half(w.before), half(w.after))
say("    interrupts pending on CPU 1   %10d  %13d", w.pending, w.pending_there)
say("    %s arrives at          %10s  %13s", hex(w.to_at), hex(w.spa_before), hex(w.new:translate{ at = w.to_at, access = "write" } or 0))
say()
expect(w.refused and w.paused, "it could not be stopped before the access had ended that its unmap waited for")
expect(w.still and w.before and w.before.done > 0 and w.before.done < w.before.bytes, "the device stood still in the middle of an order")
expect(w.after and w.after.done == w.before.done, "and the other device has it now, just as far")
expect(w.pending == 2 and w.pending_there == 2, "two interrupts were pending, of the device and of the guest's IOMMU: so they are there")
expect(w.waited and w.unmapped and not w.new:translate{ at = w.spare_at, access = "write" },
       "the guest's command, still waiting when all stood still, was completed there")
expect(w.there:lookup(w.to:pages()[1]) ~= w.spa_before
       and w.new:translate{ at = w.to_at, access = "write" } == w.there:lookup(w.to:pages()[1]),
       "the same address leads to the same page of the guest, which is elsewhere now")

-- ---------------------------------------------------------------------------------------------
title("3. It goes on, and nothing was lost or done twice")

w.m:faults()
look(w, w.there, w.new)
local first = w.ends - w.ends_before
local told = w.there:faults()
local steps = 0
while w.new:under_way() or w.ends < ORDERS and steps < 4 * ORDERS do
	work(w, w.there, w.new, 1)
	steps = steps + 1
end
local old, new = w.old:counters(), w.new:counters()
local interrupts = w.there:vcpus()[1].interrupts
say("    %-12s  %13s  %13s", "", w.old:name(), w.new:name())
say("    %-12s  %13d  %13d", "bytes stored", old.bytes_written, new.bytes_written)
say()
say("    orders that came to a good end    %d; %d ended here and %s seen there; %d", w.ends_before, first,
    first == 1 and "was" or "were", w.ends - w.ends_before - first)
say("    SHA-256 of what was to be copied  %s", sum_of(w.from))
say("    SHA-256 of what arrived there     %s", sum_of(w.to))
say()
expect(w.ends == ORDERS and w.good == ORDERS, "each of the %d orders came to one end, and a good one", ORDERS)
expect(interrupts == ORDERS, "the guest took %d interrupts of its device, one for each order", ORDERS)
-- of each order: its bytes, 8 that tell its end, and 4 of an interrupt
expect(old.bytes_written + new.bytes_written == ORDERS * (ORDER + 8 + 4), "the two devices together stored each byte once")
expect(sum_of(w.to) == sum_of(w.from), "the guest has there all that either device copied")
expect(w.notes:read{ bytes = 18 } == "The CPU was here. ", "and what its CPU wrote")
expect(#told == 1 and told[1].id == w.number and told[1].address == w.spare_at + PAGE,
       "the guest reads there what its IOMMU recorded here: its device, by its number, went astray")

w.here:stop()
w.old:step()
local late = w.m:faults()
expect(not w.old:step() and #late > 0 and late[1].device == w.old and w.old:counters().bytes_written == old.bytes_written,
       "the first device, let go with what it still held, reaches nothing: it was refused, and reported")
local again = w.ends == ORDERS and w.new:copy{ from = w.from_at, to = w.to_at + PAGE, bytes = PAGE }
expect(again and again.ok and again.interrupt, "and the guest gives its device new orders")

-- ---------------------------------------------------------------------------------------------
title("4. A hypervisor that forgets what devices store")

local f = build("devices")
migrate(f, function() end)
look(f, f.there, f.new)
for _ = 1, 4 * ORDERS do
	work(f, f.there, f.new, 1)
end
local lost = 0
for page = 0, BYTES // PAGE - 1 do
	if f.to:read{ offset = page * PAGE, bytes = PAGE } ~= f.from:read{ offset = page * PAGE, bytes = PAGE } then
		lost = lost + 1
	end
end
say("The same once more, but the dirty log does not hear of the devices:")
say()
say("    pages that differed when the guest moved   %d", f.differ)
say("    pages of the buffer that are wrong there   %d of %d", lost, BYTES // PAGE)
say("    orders whose end the guest never saw       %d of %d", ORDERS - f.ends, ORDERS)
say()
expect(f.differ > 0 and lost > 0 and sum_of(f.to) ~= sum_of(f.from), "the checks above can fail: here data is lost")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
say("    1. Memory was sent while devices stored to it, and the IOMMU told which pages to send again.")
say("    2. An order half done, interrupts pending and a command of the guest's went over with it.")
say("    3. Behind another IOMMU and in other memory all came to one end, and nothing was lost.")
say("    4. Without the dirty log of device stores it would have been.")
