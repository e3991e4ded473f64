/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The bench of rig.h: memory, host, registers. */
#include "rig.h"

#include <stdlib.h>

#include "../rig_parts.h"

/* ---- What else the unit tells its host, and its observer ----------------------------------- */

static void host_changed(void *opaque, uint32_t first, uint32_t last)
{
	struct rig *r = opaque;

	if (r->changes < RIG_LOG) {
		r->change[r->changes].first = first;
		r->change[r->changes].last = last;
	}
	r->changes++;
}

static void host_dirty(void *opaque, uint64_t spa, uint64_t len)
{
	struct rig *r = opaque;

	if (r->dirties < RIG_LOG) {
		r->dirty[r->dirties].spa = spa;
		r->dirty[r->dirties].len = len;
	}
	r->dirties++;
}

static void see_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct rig *r = opaque;

	(void)requester;
	if (r->owns < RIG_LOG)
		r->own[r->owns] = *access;
	r->owns++;
	if (r->on_own)
		r->on_own(r, access);
}

void rig_watch(struct rig *r)
{
	static const struct iom_observer observer = { .bytes = sizeof(observer), .own = see_own };

	r->owns = 0;
	CHECK_EQ(iom_observe(r->unit, &observer, r), IOM_OK);
}

/* ---- Making and breaking ------------------------------------------------------------------ */

static int make(struct rig *r, const struct iom_vtd_config *config, struct iom_unit **unit,
                struct iom_error *error)
{
	static const struct iom_host host = { .bytes = sizeof(host),
		                              .msi = host_msi,
		                              .interrupts_changed = host_changed,
		                              .message = host_message,
		                              .dirty = host_dirty };
	struct iom_vtd_config own = *config;

	own.bytes = sizeof(own);
	return iom_vtd_new(&own, r->memory, &host, r, unit, error);
}

struct iom_unit *rig_unit(struct rig *r, const struct iom_vtd_config *config)
{
	struct iom_unit *unit = NULL;
	struct iom_error error = { 0 };

	return make(r, config, &unit, &error) == IOM_OK ? unit : NULL;
}

static void add(struct rig *r, uint64_t spa, uint64_t bytes, uint8_t *host, uint32_t flags)
{
	struct iom_region region = { .spa = spa, .bytes = bytes, .host = host, .flags = flags };

	CHECK_EQ(iom_memory_add(r->memory, &region, NULL), IOM_OK);
}

static uint8_t *zeroes(uint64_t bytes)
{
	uint8_t *host = calloc(1, (size_t)bytes);

	CHECK(host);
	return host;
}

struct rig *rig_new_config(const struct iom_vtd_config *config)
{
	static const struct iom_memory_ops ops = { .bytes = sizeof(ops),
		                                   .read = device_read,
		                                   .write = device_write };
	struct iom_error error = { 0 };
	struct rig *r = (struct rig *)zeroes(sizeof(*r));

	r->ram = zeroes(RIG_RAM_BYTES);
	r->rom = zeroes(RIG_ROM_BYTES);
	r->next = RIG_RAM;
	r->next_rom = RIG_ROM;
	CHECK_EQ(iom_memory_new(&ops, r, &r->memory, &error), IOM_OK);
	add(r, RIG_RAM, RIG_RAM_BYTES, r->ram, IOM_REGION_TRACK);
	add(r, RIG_ROM, RIG_ROM_BYTES, r->rom, IOM_REGION_READONLY);
	r->config = *config;
	if (make(r, config, &r->unit, &error) != IOM_OK)
		CHECK_MSG(false, "%s", error.text);
	CHECK_EQ(iom_lane_open(r->unit, &r->lane), IOM_OK);
	r->cap = rd64(r, CAP);
	r->ecap = rd64(r, ECAP);
	return r;
}

struct rig *rig_new_caps(uint64_t cap, uint64_t ecap)
{
	const struct iom_vtd_config config = { .cap = cap,
		                               .ecap = ecap,
		                               .version = 0x40,
		                               .address_bits = RIG_HAW,
		                               .flags = IOM_VTD_UNCACHED };

	return rig_new_config(&config);
}

struct rig *rig_new(void)
{
	return rig_new_caps(CAP_ALL, ECAP_ALL);
}

void rig_free(struct rig *r)
{
	iom_unit_free(r->unit);
	iom_memory_free(r->memory);
	while (r->mores)
		free(r->more[--r->mores].host);
	free(r->rom);
	free(r->ram);
	free(r);
}

/* ---- Registers ---------------------------------------------------------------------------- */

void rig_gcmd(struct rig *r, uint32_t bit, bool on)
{
	uint32_t was = rd32(r, GSTS) & 0x96ffffffu;
	uint32_t now;

	wr32(r, GCMD, on ? was | bit : was & ~bit);
	now = rd32(r, GSTS);
	CHECK_MSG(!(now & bit) == !on, "GCMD bit 0x%x, GSTS 0x%x", bit, now);
	if (!(now & (TE | IRE)))
		r->record = 0;
}

/* ---- Memory ------------------------------------------------------------------------------- */

static uint8_t *at(struct rig *r, uint64_t spa, unsigned len)
{
	unsigned i;

	if (spa >= RIG_RAM && spa - RIG_RAM <= RIG_RAM_BYTES - len)
		return r->ram + (spa - RIG_RAM);
	if (spa >= RIG_ROM && spa - RIG_ROM <= RIG_ROM_BYTES - len)
		return r->rom + (spa - RIG_ROM);
	for (i = 0; i < r->mores; i++)
		if (spa >= r->more[i].spa && spa - r->more[i].spa <= r->more[i].bytes - len)
			return r->more[i].host + (spa - r->more[i].spa);
	CHECK_MSG(false, "0x%llx is outside RAM", (unsigned long long)spa);
	return NULL;
}

void puts64(struct rig *r, uint64_t spa, const uint64_t *word, unsigned words)
{
	while (words--)
		put64(r, spa + 8ull * words, word[words]);
}

uint64_t rom_page(struct rig *r)
{
	uint64_t spa = r->next_rom;

	CHECK_MSG(spa < RIG_ROM + RIG_ROM_BYTES, "the rig's ROM is used up");
	r->next_rom += PAGE;
	return spa;
}

void rig_ram_at(struct rig *r, uint64_t spa, uint64_t bytes)
{
	CHECK(r->mores < sizeof(r->more) / sizeof(*r->more));
	r->more[r->mores].spa = spa;
	r->more[r->mores].bytes = bytes;
	r->more[r->mores].host = zeroes(bytes);
	add(r, spa, bytes, r->more[r->mores].host, 0);
	r->mores++;
}
