/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Queues as the registers show them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "regs.h"
#include "regs/riscv.h"
#include "regs/vtd.h"

static uint64_t reg(struct iom_unit *unit, uint64_t off, unsigned bytes)
{
	uint64_t value;

	return iom_mmio_read(unit, 0, off, bytes, &value) ? 0 : value;
}

static void between(struct queue *q, uint64_t head, uint64_t tail)
{
	q->head = head;
	q->tail = tail;
	q->indices = true;
	q->in_place = head < q->entries && tail < q->entries;
	q->pending = q->in_place ? (tail - head) & (q->entries - 1) : 0;
}

/* The fields of the register at `off` that are set, as far as `mask` has them: "cmd_ill illegal command" */
static void errors(struct queue *q, const struct register_map *map, uint64_t off, uint64_t value,
                   uint64_t mask)
{
	struct anatomy_value values[ANATOMY_VALUES];
	const uint64_t bits = value & mask;
	struct register_place place;
	size_t count;

	if (!bits || !register_next(map, off, &place))
		return;
	count = anatomy_take(place.row->fields, &(struct anatomy_words){ &bits, 1, 0 }, values);
	for (size_t i = 0; i < count && q->error_count < QUEUE_ERRORS; i++) {
		if (values[i].value)
			snprintf(q->errors[q->error_count++], sizeof q->errors[0], "%s%s%s",
			         values[i].name, values[i].meaning ? " " : "",
			         values[i].meaning ? values[i].meaning : "");
	}
}

/* ---- RISC-V ------------------------------------------------------------------------------------- */

static const struct riscv_queue {
	const char *name;
	uint16_t base, head, tail, csr;
	uint64_t errors;
} riscv_queues[] = {
	{ "command queue", RV_CQB, RV_CQH, RV_CQT, RV_CQCSR,
	  RV_QCSR_MF | RV_CQCSR_CMD_TO | RV_CQCSR_CMD_ILL },
	{ "fault queue", RV_FQB, RV_FQH, RV_FQT, RV_FQCSR, RV_QCSR_MF | RV_QCSR_OF },
	{ "page-request queue", RV_PQB, RV_PQH, RV_PQT, RV_PQCSR, RV_QCSR_MF | RV_QCSR_OF },
};

static void riscv_queue(struct iom_unit *unit, const struct register_map *map,
                        const struct riscv_queue *row, struct queue *q)
{
	const uint64_t csr = reg(unit, row->csr, 4), base = reg(unit, row->base, 8);

	q->name = row->name;
	q->state = csr & RV_QCSR_BUSY ? "changing" : csr & RV_QCSR_ON ? "on" : "off";
	if (base) {
		q->entries = UINT64_C(2) << IOM_GET(RV_QB_LOG2SZ_1, base);
		q->address = IOM_GET(RV_QB_PPN, base) << 12;
		between(q, reg(unit, row->head, 4), reg(unit, row->tail, 4));
	}
	errors(q, map, row->csr, csr, row->errors);
}

/* ---- VT-d --------------------------------------------------------------------------------------- */

static void invalidation_queue(struct iom_unit *unit, const struct register_map *map,
                               struct queue *q)
{
	const uint64_t iqa = reg(unit, VTD_IQA, 8), fsts = reg(unit, VTD_FSTS, 4);
	const unsigned bytes = iqa & VTD_IQA_DW ? 32 : 16;

	q->name = "invalidation queue";
	q->state = reg(unit, VTD_GSTS, 4) & VTD_G_QIE ? "on" : "off";
	if (iqa) {
		q->entries = (UINT64_C(4096) << IOM_GET(VTD_IQA_QS, iqa)) / bytes;
		q->address = iqa & VTD_ADDRESS;
		between(q, (reg(unit, VTD_IQH, 8) & VTD_IQ_INDEX) / bytes,
		        (reg(unit, VTD_IQT, 8) & VTD_IQ_INDEX) / bytes);
	}
	errors(q, map, VTD_FSTS, fsts, VTD_FSTS_IQE | VTD_FSTS_ICE | VTD_FSTS_ITE);
	/* Each field of it counts while its flag stands. */
	errors(q, map, VTD_IQERCD, reg(unit, VTD_IQERCD, 8),
	       (fsts & VTD_FSTS_IQE ? VTD_IQERCD_IQEI : 0) |
	               (fsts & VTD_FSTS_ITE ? VTD_IQERCD_ITESID : 0) |
	               (fsts & VTD_FSTS_ICE ? VTD_IQERCD_ICESID : 0));
}

static void page_request_queue(struct iom_unit *unit, const struct register_map *map,
                               struct queue *q)
{
	const uint64_t pqa = reg(unit, VTD_PQA, 8);

	q->name = "page request queue";
	if (pqa) {
		q->entries = UINT64_C(128) << IOM_GET(VTD_PQA_PQS, pqa);
		q->address = pqa & VTD_ADDRESS;
		between(q, IOM_GET(VTD_PQ_INDEX, reg(unit, VTD_PQH, 8)),
		        IOM_GET(VTD_PQ_INDEX, reg(unit, VTD_PQT, 8)));
	}
	errors(q, map, VTD_PRS, reg(unit, VTD_PRS, 4), VTD_PRS_PRO);
}

static void fault_records(struct iom_unit *unit, const struct register_map *map, struct queue *q)
{
	const uint64_t cap = map->capabilities[0];

	q->name = "fault records";
	q->entries = IOM_GET(VTD_CAP_NFR, cap) + 1;
	for (uint64_t i = 0; i < q->entries; i++) {
		const uint64_t off = 16 * (IOM_GET(VTD_CAP_FRO, cap) + i);

		q->pending += reg(unit, off + VTD_FRCD_1, 8) & VTD_FRCD_1_F ? 1 : 0;
	}
	errors(q, map, VTD_FSTS, reg(unit, VTD_FSTS, 4), VTD_FSTS_PFO);
}

/* ---- Of either ---------------------------------------------------------------------------------- */

unsigned queues_of(struct iom_unit *unit, const struct register_map *map, struct queue *queues)
{
	unsigned n = 0;

	memset(queues, 0, QUEUES_MAX * sizeof *queues);
	if (map->rows == registers_riscv) {
		for (size_t i = 0; i < IOM_COUNT(riscv_queues); i++) {
			if (riscv_queues[i].base != RV_PQB || map->capabilities[0] & RV_CAP_ATS)
				riscv_queue(unit, map, &riscv_queues[i], &queues[n++]);
		}
		return n;
	}
	if (map->capabilities[1] & VTD_ECAP_QI)
		invalidation_queue(unit, map, &queues[n++]);
	fault_records(unit, map, &queues[n++]);
	if (map->capabilities[1] & VTD_ECAP_PRS)
		page_request_queue(unit, map, &queues[n++]);
	return n;
}

static __attribute__((format(printf, 4, 5))) void say(char *text, size_t size, size_t *len,
                                                      const char *format, ...)
{
	va_list args;

	if (*len >= size)
		return;
	va_start(args, format);
	*len += (size_t)vsnprintf(text + *len, size - *len, format, args);
	va_end(args);
}

const char *queue_sentence(const struct queue *q, char *text, size_t size)
{
	size_t len = 0;

	say(text, size, &len, "%s: ", q->name);
	if (q->state)
		say(text, size, &len, "%s%s", q->state, q->entries ? ", " : "");
	if (q->entries && q->indices)
		say(text, size, &len,
		    "%" PRIu64 " entries at 0x%" PRIx64 ", head %" PRIu64 ", tail %" PRIu64 ": ",
		    q->entries, q->address, q->head, q->tail);
	else if (q->entries)
		say(text, size, &len, "%" PRIu64 ", ", q->entries);
	else if (!q->state)
		say(text, size, &len, "not set up");
	if (q->indices && !q->in_place)
		say(text, size, &len, "head or tail is beyond its end");
	else if (q->entries && q->pending)
		say(text, size, &len, "%" PRIu64 " pending", q->pending);
	else if (q->entries)
		say(text, size, &len, "nothing pending");
	for (unsigned i = 0; i < q->error_count; i++)
		say(text, size, &len, "; %s", q->errors[i]);
	return text;
}
