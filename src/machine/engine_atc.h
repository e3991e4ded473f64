/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The translation cache of a DMA engine that has one (ATS), and what can go slowly or wrong with it: a
 * store that takes its time, and an engine that does not answer.
 */
#ifndef MACHINE_ENGINE_ATC_H
#define MACHINE_ENGINE_ATC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/iommux.h>

#include "machine/bridge.h"

#define ENGINE_SLOW_MAX 64u

struct engine_atc {
	struct iom_atc *atc;
	struct bridge *bridge;
	bool enabled;
	bool deaf;              /* misbehaviour: it goes on as it was, whatever it is told */
	uint64_t invalidations; /* that it has heard                       */
	/* A store under way: its translation is in use until `until_ns`. */
	bool slow;
	uint64_t until_ns;
	void *to;
	uint64_t spa;
	size_t bytes;
	uint8_t data[ENGINE_SLOW_MAX];
};

/* Gives the engine on `port` a cache, disabled.  IOM_ENOMEM. */
int engine_atc_init(struct engine_atc *engine, struct iom_port *port, struct bridge *bridge,
                    struct iom_error *error);
/* Before the port is closed. */
void engine_atc_release(struct engine_atc *engine);

void engine_atc_enable(struct engine_atc *engine, bool enable);

/* The IOMMU asks it to forget something. */
void engine_atc_invalidate(struct engine_atc *engine, const struct iom_message *message);

/*
 * Begins to store up to ENGINE_SLOW_MAX bytes of one page of RAM: the address is translated now, the bytes
 * arrive when the clock has reached `until_ns`.  IOM_EBUSY: such a store is under way already;
 * IOM_EINVAL: too many bytes, or no RAM is there; else as iom_atc_translate.
 */
int engine_atc_store_slowly(struct engine_atc *engine, uint64_t iova, const void *data,
                            size_t bytes, uint64_t until_ns, struct iom_reply *reply);

/* Time has passed. */
void engine_atc_step(struct engine_atc *engine, uint64_t now_ns);

#endif
