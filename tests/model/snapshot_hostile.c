/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Snapshots that nobody saved: they are refused with a sentence and change nothing, or they are taken
 * and do no harm.
 */
#include <stdlib.h>

#include "../riscv/rig.h"
#include "../riscv/sheet.h"
#include "../state.h"

#define SPOT (RIG_RAM + 0x800000)

#define CAP_ATS (1ull << 25)

static const struct iom_riscv_config slow = { .capabilities = CAP_EXT | CAP_ATS | CAP_HPM | CAP_DBG,
	                                      .cache_lg2 = 3,
	                                      .ats_timeout_ns = 3000,
	                                      .busy_ns = 1000 };

/* Both devices ask for pages, and one answers half of what it was asked.  How many were heard. */
static unsigned messages(struct rig *r)
{
	struct iom_message m = { .kind = IOM_MESSAGE_PAGE_REQUEST,
		                 .address = 0x5000,
		                 .pasid = 7,
		                 .flags = IOM_REQ_PASID };
	struct iom_endpoint *e;
	unsigned heard = 0;

	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(iom_endpoint_get(r->unit, i, &e), IOM_OK);
		m.code = i ? IOM_PAGE_LAST | IOM_PAGE_WRITE : IOM_PAGE_READ;
		heard += iom_message(e, &m) == IOM_OK;
	}
	m = (struct iom_message){ .kind = IOM_MESSAGE_INVALIDATED, .token = 7, .code = 2 };
	return heard + (iom_message(e, &m) == IOM_OK);
}

static void refuse_and_stop(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	(void)off, (void)buf, (void)len;
	r->on_device_write = NULL;
	CHECK_EQ(messages(r), 3);
	rig_cause(r, 2, 0x2000, IOM_READ);
	rig_cause(r, 3, 0x3000, IOM_READ);
	iom_unit_stop(r->unit);
}

/* As much under way as one state can hold. */
static struct rig *busy_rig(struct state *s)
{
	struct rig *r = rig_new_config(&slow);

	iom_step(r->unit, 0);
	wr64(r, ICVEC, 0x11);
	wr32(r, MSI_CFG + 16 + 12, 1);
	wr64(r, CQB, PPN_OF(page(r)) | 3);
	wr64(r, FQB, PPN_OF(RIG_DEVICE) | 2);
	wr64(r, PQB, PPN_OF(page(r)) | 2);
	wr32(r, CQCSR, EN | IE);
	wr32(r, FQCSR, EN | IE);
	wr32(r, PQCSR, EN | IE);
	iom_step(r->unit, 1000);
	iom_begin(r->lane);
	for (unsigned i = 0; i < 3; i++)
		rig_cmd(r, 4 | (uint64_t)i << 40, 0x5000); /* ATS.INVAL */
	CHECK_EQ(r->messages, 3);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(5), SPOT >> 2);
	r->on_device_write = refuse_and_stop;
	rig_cause(r, 1, 0x1000, IOM_READ);
	wr64(r, DDTP, PPN_OF(page(r)) | LVL1);
	CHECK(rd64(r, DDTP) & DDTP_BUSY);
	wr32(r, CQCSR, 0);
	wr64(r, TR_REQ_CTL, 1ull << 40 | 1);
	wr64(r, HPM_FIRST + 0x108, 1);
	state_save(s, r->unit);
	return r;
}

/* A unit in whatever state it is: it answers, and a reset makes it sound again. */
static void use(struct rig *r)
{
	iom_unit_start(r->unit);
	for (uint64_t off = 0; off < WINDOW; off += 4)
		rd32(r, off);
	for (unsigned i = 0; i < 3; i++) {
		const struct iom_request q = { .iova = RIG_RAM + 0x1000 * i };
		struct iom_port *port = rig_port(r, i);
		struct iom_reply reply;
		uint8_t buf[16] = { 0 };

		iom_read(port, &q, buf, sizeof buf, &reply);
		iom_port_close(port);
		wr32(r, CQT, i);
		wr32(r, CQCSR, EN | IE | MF | CMD_ILL | CMD_TO | FENCE_W_IP);
		wr32(r, FQCSR, EN | MF | OF);
		wr32(r, PQCSR, EN | MF | OF);
		messages(r);
		iom_step(r->unit, 1ull << (20 + i));
	}
	/* Nothing is busy for ever. */
	CHECK_EQ(rd64(r, DDTP) & DDTP_BUSY, 0);
	CHECK_EQ(rd32(r, FQCSR) & BUSY, 0);
	CHECK_EQ(rd32(r, PQCSR) & BUSY, 0);
	CHECK_EQ(rd32(r, CQCSR) & BUSY, 0);
	CHECK_EQ(rd64(r, TR_REQ_CTL) & 1, 0);
	iom_unit_reset(r->unit);
	r->next = RIG_RAM;
	wr64(r, CQB, PPN_OF(page(r)) | 3);
	wr32(r, CQCSR, EN);
	iom_step(r->unit, 1ull << 40);
	CHECK_EQ(rd32(r, CQCSR), EN | ON);
	put32(r, SPOT, 0);
	rig_cmd(r, FENCE | FENCE_AV | FENCE_DATA(9), SPOT >> 2);
	CHECK_EQ(ram32(r, SPOT), 9);
}

/* Loads a state into a unit that stands still.  True: taken. */
static bool offer(struct rig *r, const struct state *s)
{
	struct state before, after;
	struct iom_error error;
	uint8_t *exact = malloc(s->bytes ? s->bytes : 1);
	int result;

	CHECK(exact);
	memcpy(exact, s->byte, s->bytes);
	state_save(&before, r->unit);
	memset(&error, 0x5a, sizeof error);
	result = iom_unit_load(r->unit, exact, s->bytes, &error);
	free(exact);
	CHECK_EQ(error.code, result);
	if (result == IOM_OK) {
		CHECK_EQ(error.text[0], 0);
		return true;
	}
	CHECK_EQ(result, IOM_EINVAL);
	CHECK(strlen(error.text) > 20 && !strchr(error.text, '\n'));
	state_save(&after, r->unit);
	CHECK_EQ(before.bytes, after.bytes);
	CHECK_EQ(memcmp(before.byte, after.byte, before.bytes), 0);
	return false;
}

static struct rig *still_rig(void)
{
	struct rig *r = rig_new_config(&slow);

	CHECK_EQ(iom_unit_stop(r->unit), IOM_OK);
	iom_step(r->unit, 0);
	return r;
}

static void offer_and_use(const struct state *s, unsigned *taken)
{
	struct rig *r = still_rig();

	if (offer(r, s)) {
		++*taken;
		use(r);
	}
	rig_free(r);
}

TEST(every_truncation_is_refused, "")
{
	struct state s;
	struct rig *old = busy_rig(&s), *r = still_rig();
	size_t whole = s.bytes;

	for (s.bytes = 0; s.bytes < whole; s.bytes++)
		CHECK(!offer(r, &s));
	for (s.bytes = whole + 1; s.bytes < whole + 24; s.bytes++) {
		s.byte[s.bytes - 1] = 0;
		CHECK(!offer(r, &s));
	}
	s.bytes = whole;
	CHECK(offer(r, &s));
	use(r);
	rig_free(r);
	rig_free(old);
}

/* Each byte, wrong in two ways; a unit of its own for each that is taken. */
TEST(every_changed_byte_is_refused_or_harmless, "")
{
	struct state s;
	struct rig *old = busy_rig(&s), *r = still_rig();
	unsigned taken = 0, refused = 0;

	for (size_t i = 0; i < 2 * s.bytes; i++) {
		uint8_t flip = i & 1 ? 0xff : (uint8_t)(1 << (i / 2 * 5 % 8));

		s.byte[i / 2] ^= flip;
		if (offer(r, &s)) {
			taken++;
			use(r);
			rig_free(r);
			r = still_rig();
		} else {
			refused++;
		}
		s.byte[i / 2] ^= flip;
	}
	CHECK(taken && refused);
	rig_free(r);
	rig_free(old);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Words that are likely to be wrong in ways that matter. */
static uint64_t odd_word(uint64_t *seed)
{
	uint64_t v = next_random(seed);

	switch (v >> 61) {
	case 0:
		return v;
	case 1:
		return ~0ull;
	case 2:
		return 0;
	case 3:
		return 1ull << (v & 63);
	case 4:
		return v & 0xff;
	case 5:
		return v & 0x30703;
	default:
		return ~0ull << (v & 63);
	}
}

TEST(random_words_are_refused_or_harmless, "")
{
	uint64_t seed = 88172645463325252ull;
	unsigned taken = 0;
	struct state good, s;
	struct rig *old = busy_rig(&good);

	for (unsigned i = 0; i < 1500; i++) {
		s = good;
		for (unsigned n = 1 + (unsigned)(next_random(&seed) % 3); n--;)
			state_put(&s, 32 + 8 * (next_random(&seed) % (s.bytes / 8 - 5)),
			          odd_word(&seed));
		offer_and_use(&s, &taken);
	}
	/* and a state of noise behind a right head */
	for (unsigned i = 0; i < 200; i++) {
		s = good;
		for (size_t at = i % 5 * 8; at < s.bytes; at += 8)
			state_put(&s, at, next_random(&seed));
		offer_and_use(&s, &taken);
	}
	CHECK(taken);
	rig_free(old);
}

/* A queue that is neither off nor on, and waits for nothing, would never be either. */
TEST(queues_between_off_and_on_are_refused, "")
{
	static const uint16_t csrs[] = { CQCSR, FQCSR, PQCSR };
	struct rig *from = rig_new_config(&slow), *r = still_rig();
	struct state good, s;

	state_save(&good, from->unit);
	for (unsigned q = 0; q < COUNT(csrs); q++) {
		for (unsigned bits = 0; bits < 8; bits++) {
			uint64_t csr =
				(bits & 1 ? EN : 0) | (bits & 2 ? ON : 0) | (bits & 4 ? BUSY : 0);

			s = good;
			state_put(&s, state_register(&s, csrs[q]), csr);
			CHECK_EQ(offer(r, &s), !csr || csr == (EN | ON));
		}
	}
	rig_free(r);
	rig_free(from);
}

static void sentence(struct rig *r, const struct state *s, const char *word)
{
	struct iom_error error;

	CHECK_EQ(iom_unit_load(r->unit, s->byte, s->bytes, &error), IOM_EINVAL);
	CHECK_MSG(strstr(error.text, word), "\"%s\" does not say %s", error.text, word);
	CHECK_EQ(iom_unit_load(r->unit, s->byte, s->bytes, NULL), IOM_EINVAL);
}

TEST(sentences_say_what_is_wrong, "")
{
	struct state good, s;
	struct rig *old = busy_rig(&good), *r = still_rig();

	s = good;
	state_put(&s, 0, 0);
	sentence(r, &s, "not a unit's state");
	s = good;
	state_put(&s, 8, state_word(&s, 8) + 1);
	sentence(r, &s, "version");
	s = good;
	memcpy(s.byte + 16, "vtd\0\0\0\0", 8);
	sentence(r, &s, "riscv");
	s = good;
	state_put(&s, 24, 3);
	sentence(r, &s, "registers");
	/* The second register is fctl. */
	s = good;
	state_put(&s, 32 + 16 + 8, 0x100);
	sentence(r, &s, "fctl");
	rig_free(r);
	rig_free(old);
}

/* Identifiers of quality of service that the unit has no wires for. */
TEST(identifiers_that_are_too_wide_are_refused, "RV-REG-32")
{
	for (unsigned bits = 0; bits <= 12; bits++) {
		const struct iom_riscv_config config = {
			.capabilities = bits ? CAP_EXT | 1ull << 41 : CAP_EXT,
			.qos_id_bits = (uint8_t)bits,
		};
		struct rig *r = rig_new_config(&config);
		struct state good, s;

		state_save(&good, r->unit);
		for (unsigned bit = 0; bit < 32; bit++) {
			s = good;
			state_put(&s, state_register(&s, QOSID), 1ull << bit);
			CHECK_EQ(offer(r, &s), bit % 16 < bits);
		}
		rig_free(r);
	}
}

TEST(other_configurations_are_refused, "")
{
	const struct iom_riscv_config base = { .capabilities = CAP_EXT };
	struct iom_riscv_config other[9];
	struct rig *from = rig_new_config(&base);
	struct state s;

	state_save(&s, from->unit);
	for (unsigned i = 0; i < COUNT(other); i++)
		other[i] = base;
	other[0].capabilities = CAP_EXT & ~CAP_END;
	other[1].vectors = 16;
	other[2].queue_lg2 = 8;
	other[3].ddt_levels = IOM_RISCV_1LVL;
	other[4].flags = IOM_RISCV_STRICT_FCTL;
	other[5].reset_mode = IOM_RISCV_RESET_BARE;
	other[6].busy_ns = 5;
	other[7].ats_timeout_ns = 5;
	other[8].qos_id_bits = 11;
	for (unsigned i = 0; i < COUNT(other); i++) {
		struct rig *r = rig_new_config(&other[i]);

		CHECK_MSG(!offer(r, &s), "%u", i);
		sentence(r, &s, i ? "configuration" : " ");
		rig_free(r);
	}
	/* How much is cached is not the guest's to see. */
	other[0] = base;
	other[0].cache_lg2 = 5;
	{
		struct rig *r = rig_new_config(&other[0]);

		CHECK(offer(r, &s));
		rig_free(r);
	}
	rig_free(from);
}
