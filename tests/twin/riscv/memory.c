/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* How the twin reads and writes structures in memory: width of addresses, order of bytes. */
#include "inside.h"

/* Entries of 4 bytes have one word of 32 bits; all else consists of doublewords. */
static unsigned word_bytes(const struct twin_access *access)
{
	return access->bytes == 4 ? 4 : 8;
}

static unsigned shift(const struct twin_access *access, unsigned byte)
{
	return 8 * (access->big ? word_bytes(access) - 1 - byte : byte);
}

static bool beyond(const struct twin_job *job, const struct twin_access *access)
{
	unsigned pas = (unsigned)bits(job->unit->capabilities, 37, 32);

	return access->spa >> pas;
}

enum twin_bus twin_load(const struct twin_job *job, struct twin_access access, uint64_t *words)
{
	const struct twin_memory *memory = &job->unit->memory;
	unsigned wide = word_bytes(&access);
	enum twin_bus bus;
	uint8_t raw[64];

	if (beyond(job, &access))
		return TWIN_BUS_FAULT;
	bus = memory->read(memory->ctx, &access, raw);
	if (bus != TWIN_BUS_OK)
		return bus;
	for (unsigned at = 0; at < access.bytes; at += wide) {
		words[at / wide] = 0;
		for (unsigned byte = 0; byte < wide; byte++)
			words[at / wide] |= (uint64_t)raw[at + byte] << shift(&access, byte);
	}
	return TWIN_BUS_OK;
}

enum twin_bus twin_store(const struct twin_job *job, struct twin_access access, uint64_t word)
{
	const struct twin_memory *memory = &job->unit->memory;
	uint8_t raw[8];

	if (beyond(job, &access))
		return TWIN_BUS_FAULT;
	for (unsigned byte = 0; byte < access.bytes; byte++)
		raw[byte] = (uint8_t)(word >> shift(&access, byte));
	return memory->write(memory->ctx, &access, raw);
}
