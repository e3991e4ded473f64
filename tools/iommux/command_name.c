/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Names of commands. */
#include "command_name.h"

#include <stdio.h>
#include <string.h>

struct name {
	unsigned kind;
	const char *name;
};

/* "Command-Queue": opcode in bits 6:0, func3 in 9:7; the kind is both as they stand there */
static const struct name riscv[] = {
	{ 0x001, "IOTINVAL.VMA" },    { 0x081, "IOTINVAL.GVMA" },   { 0x002, "IOFENCE.C" },
	{ 0x003, "IODIR.INVAL_DDT" }, { 0x083, "IODIR.INVAL_PDT" }, { 0x004, "ATS.INVAL" },
	{ 0x084, "ATS.PRGR" },
};

/* "Queued Invalidation Interface": type in bits 11:9 and 3:0 */
static const struct name vtd[] = {
	{ 1, "context-cache invalidate" }, { 2, "IOTLB invalidate" },
	{ 3, "device-TLB invalidate" },    { 4, "interrupt-entry-cache invalidate" },
	{ 5, "invalidation wait" },        { 6, "PASID-based IOTLB invalidate" },
	{ 7, "PASID-cache invalidate" },   { 8, "PASID-based device-TLB invalidate" },
	{ 9, "page group response" },
};

unsigned command_kind(const char *arch, uint64_t word)
{
	if (!strcmp(arch, "riscv"))
		return (unsigned)(word & 0x3ff);
	return (unsigned)((word & 0xf) | (word >> 9 & 7) << 4);
}

static const char *find(const struct name *names, size_t count, unsigned kind)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].kind == kind)
			return names[i].name;
	return NULL;
}

const char *command_name(const char *arch, unsigned kind, char *room, size_t size)
{
	const char *name = !strcmp(arch, "riscv") ? find(riscv, sizeof riscv / sizeof *riscv, kind)
	                                          : find(vtd, sizeof vtd / sizeof *vtd, kind);

	if (name)
		return name;
	snprintf(room, size, "unknown command 0x%x", kind);
	return room;
}
