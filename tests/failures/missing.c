/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A unit's life with a function of its host, or of its memory, missing. */
#include "life.h"

#include <string.h>

static struct world good;

/* `same`: the unit does without it, and nobody sees a difference. */
static void without(const struct arch *arch, size_t host, size_t ops, bool same)
{
	static struct world w;
	void *none = NULL;

	world_init(&w, arch);
	if (host)
		memcpy((char *)&w.host + host, &none, sizeof none);
	if (ops)
		memcpy((char *)&w.ops + ops, &none, sizeof none);
	w.strange = !same;
	life(&w, same ? &good : NULL);
	world_end(&w);
}

#define WITHOUT_HOST(function, same) without(arch, offsetof(struct iom_host, function), 0, same)
#define WITHOUT_MEMORY(function, same)                                                             \
	without(arch, 0, offsetof(struct iom_memory_ops, function), same)

static void without_host(const struct arch *arch)
{
	world_init(&good, arch);
	life(&good, NULL);
	WITHOUT_HOST(msi, true);
	WITHOUT_HOST(order, true);
	WITHOUT_HOST(dirty, true);
	WITHOUT_HOST(wire, true);
	WITHOUT_HOST(message, false);
	world_end(&good);
}

static void without_memory(const struct arch *arch)
{
	world_init(&good, arch);
	life(&good, NULL);
	WITHOUT_MEMORY(cas, true);
	WITHOUT_MEMORY(read, false);
	WITHOUT_MEMORY(write, false);
	world_end(&good);
}

TEST(host_functions_are_missing, "")
{
	without_host(&arch_riscv);
	without_host(&arch_vtd);
}

TEST(memory_functions_are_missing, "")
{
	without_memory(&arch_riscv);
	without_memory(&arch_vtd);
}
