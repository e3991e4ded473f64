-- SPDX-License-Identifier: MIT
-- SPDX-FileCopyrightText: 2026 The iommux authors
--
-- What an operating system has an IOMMU for, in three acts: scattered memory looks contiguous to a
-- device, a device with short addresses reaches all memory, and a device that goes astray is
-- stopped and named.
--
--	iommux run examples/os.lua [FILE=path]
--
-- FILE is the file that the device moves; without it, this script.

local file = param.FILE or script

local m = machine{ ram = 64 * MiB, high_ram = 64 * MiB }
local disk = m:device{ id = 0x10, bits = 32 }

local function count(n, one, many)
	return string.format("%d %s", n, n == 1 and one or many)
end

-- ---------------------------------------------------------------------------------------------
title("1. Sixteen scattered pages, one contiguous buffer")

local size = 16 * PAGE
local source = m:buffer{ bytes = size, scattered = true }
local copy = m:buffer{ bytes = size, scattered = true }

local space = m:domain("translated")
space:attach(disk)
local from = space:map{ buffer = source, access = "read" }
local to = space:map{ buffer = copy }

say("The kernel took 16 free pages, wherever they were, and mapped them for device %s,", hex(disk:id()))
say("whose addresses have %d bits.  What the device uses, and where it arrives in memory:", disk:bits())
say()
say("    page  device address  physical address      page  device address  physical address")
local pages = source:pages()
for i = 1, 8 do
	say("    %4d  %14s  %16s      %4d  %14s  %16s",
	    i, hex(from + (i - 1) * PAGE), hex(pages[i]),
	    i + 8, hex(from + (i + 7) * PAGE), hex(pages[i + 8]))
end
say()

local neighbours = 0
for i = 2, #pages do
	if pages[i] == pages[i - 1] + PAGE then
		neighbours = neighbours + 1
	end
end

-- The whole file goes through these pages: the CPU fills them, the device copies them.
local seen = checksum()
local moved, orders, interrupts, done = 0, 0, 0, true
while done do
	local n = source:fill_from_file{ path = file, from = moved }
	if n == 0 then
		break
	end
	local result = disk:copy{ from = from, to = to, bytes = n }
	done = result.ok
	orders = orders + 1
	if result.interrupt then
		interrupts = interrupts + 1
	end
	seen:add(copy, n)
	moved = moved + n
end

local expected = checksum_of_file(file)
say("    file        %s, %d bytes", file, file_bytes(file))
say("    moved       %d bytes in %s of up to %d bytes, %s", moved,
    count(orders, "order", "orders"), size, count(interrupts, "interrupt", "interrupts"))
say("    SHA-256 of the file   %s", expected)
say("    SHA-256 that arrived  %s", seen:text())
say()
expect(neighbours < #pages - 1, "the pages are scattered: %d of 15 follow their predecessor",
       neighbours)
expect(done and moved == file_bytes(file), "the device carried out every order")
expect(interrupts == orders, "and sent one interrupt for each, through the IOMMU as well")
expect(seen:text() == expected, "what arrived is the file")

-- ---------------------------------------------------------------------------------------------
title("2. A 32-bit device and memory above 4 GiB")

local rounds = 256
local far = m:buffer{ bytes = size, where = "high", scattered = true }
local page = far:pages()[1]

source:fill("the same 64 KiB in both runs; ")
local sum = checksum()
sum:add(source)
local function arrived()
	local s = checksum()
	s:add(far)
	return s:text() == sum:text()
end

say("A buffer's first page is at %s; the device cannot say more than 0xffffffff.", hex(page))
say("It shall put %d times %d KiB there: first with addresses translated by the IOMMU, then as if",
    rounds, size // KiB)
say("there were none (an identity domain: every address passes unchanged).")
say()

local far_iova = space:map{ buffer = far }
local cpu = m:counters().cpu_bytes
local start = seconds()
local mapped_ok = true
for _ = 1, rounds do
	mapped_ok = disk:copy{ from = from, to = far_iova, bytes = size }.ok and mapped_ok
end
local mapped_time = seconds() - start
local mapped_cpu = m:counters().cpu_bytes - cpu
mapped_ok = mapped_ok and arrived()
space:unmap{ buffer = far }

-- Without an IOMMU: an identity domain, where a device address is a physical address.
far:fill("nothing yet; ")
local plain = m:domain("identity")
local near = m:buffer{ bytes = size }
local bounce = m:buffer{ bytes = size }
near:copy_from{ buffer = source, bytes = size }
space:detach(disk)
plain:attach(disk)
local near_at = plain:map{ buffer = near }
local bounce_at = plain:map{ buffer = bounce }

local direct = disk:copy{ from = near_at, to = page, bytes = PAGE }

cpu = m:counters().cpu_bytes
start = seconds()
local bounce_ok = true
for _ = 1, rounds do
	bounce_ok = disk:copy{ from = near_at, to = bounce_at, bytes = size }.ok and bounce_ok
	far:copy_from{ buffer = bounce, bytes = size }
end
local bounce_time = seconds() - start
local bounce_cpu = m:counters().cpu_bytes - cpu
bounce_ok = bounce_ok and arrived()
plain:detach(disk)
space:attach(disk)

say("                               translated   untranslated, bounced")
say("    device address        %17s   %21s", hex(far_iova), hex(bounce_at))
say("    copied by the device  %13d KiB   %17d KiB", rounds * size // KiB, rounds * size // KiB)
say("    copied by the CPU     %13d KiB   %17d KiB", mapped_cpu // KiB, bounce_cpu // KiB)
say("    time, simulated here  %14.1f ms   %18.1f ms", mapped_time * 1e3, bounce_time * 1e3)
say()
say("The times are those of this simulation, where the device's copying and the IOMMU's work cost")
say("the host's CPU too; on hardware only the CPU's copies would.")
say()
expect(mapped_ok and mapped_cpu == 0,
       "translated, all arrived above 4 GiB, and the CPU copied nothing")
expect(not direct.ok, "untranslated, the device gives up: %s", direct.status)
expect(bounce_ok and bounce_cpu == rounds * size,
       "through a bounce buffer all arrived, and the CPU copied every byte again")

-- ---------------------------------------------------------------------------------------------
title("3. A device that goes astray")

local secret = m:buffer{ bytes = PAGE }
secret:fill("nobody's business ")
local target = secret:pages()[1]
local before = secret:read{ bytes = PAGE }
m:faults()

local function report(what, faults)
	for i = 1, #faults do
		local f = faults[i]
		say("    %-21s  %6s  %11s  %s", i == 1 and what or "", hex(f.id), hex(f.address),
		    f.reason)
	end
	return faults[1]
end

say("A page at %s is the kernel's own; device %s was never given it.", hex(target), hex(disk:id()))
say("The device is made to go there all the same.  What the IOMMU's driver reports:")
say()
say("                           device      address  reason")
local write = disk:stray{ at = target, write = "overwritten" }
local write_fault = report("stray write", m:faults())
local read = disk:stray{ at = target, read = 16 }
local read_fault = report("stray read", m:faults())
local onto_source = disk:stray{ at = from, write = "overwritten" }
local source_fault = report("write where read-only", m:faults())
disk:overrun(PAGE + 16)
disk:copy{ from = from, to = to, bytes = size }
local overrun_fault = report("overrun of a buffer", m:faults())
disk:overrun(0)

local works = disk:copy{ from = from, to = to, bytes = size }.ok
space:unmap{ buffer = copy }
local late = disk:copy{ from = from, to = to, bytes = size }
local late_fault = report("after unmapping", m:faults())
say()

local function names(fault, address, access)
	return fault and fault.device == disk and fault.address == address and fault.access == access
end

expect(not write.ok and names(write_fault, target, "write"),
       "the stray write was refused, and the report names device and address")
expect(secret:read{ bytes = PAGE } == before, "the memory that it aimed at is unchanged")
expect(not read.ok and read.data == false and names(read_fault, target, "read"),
       "the stray read was refused: the device got no byte of it")
expect(not onto_source.ok and names(source_fault, from, "write"),
       "a buffer mapped for reading cannot be written")
expect(names(overrun_fault, to + size, "write"), "an overrun ends where the buffer ends")
expect(works, "what the device may do, it still can")
expect(not late.ok and late.refused_at == to and names(late_fault, to, "write"),
       "a buffer that was unmapped is out of reach")

-- ---------------------------------------------------------------------------------------------
title("What was shown")
say("    1. The IOMMU made 16 scattered pages one buffer; a file went through it unharmed.")
say("    2. It let a 32-bit device reach memory above 4 GiB, without a copy by the CPU.")
say("    3. It kept the device to what it was given, and told who went where, and why not.")
