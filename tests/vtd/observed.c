/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What an observer hears of a VT-d unit: descriptors, messages, accesses to descriptors of posting. */
#include <string.h>

#include "irte.h"
#include "queue.h"

struct heard {
	unsigned commands, words, msis;
	uint64_t word[4], address;
	uint32_t data;
	int result;
};

static void on_command(void *opaque, const uint64_t *word, unsigned words)
{
	struct heard *h = opaque;

	CHECK(words <= 4);
	h->commands++;
	h->words = words;
	memcpy(h->word, word, words * sizeof(*word));
}

static void on_called(void *opaque, const struct iom_called *called)
{
	struct heard *h = opaque;

	if (called->kind != IOM_CALLED_MSI)
		return;
	h->msis++;
	h->address = called->address;
	h->data = (uint32_t)called->value;
	h->result = called->result;
}

static void listen(struct rig *r, struct heard *h)
{
	static const struct iom_observer observer = { .bytes = sizeof(observer),
		                                      .command = on_command,
		                                      .called = on_called };

	*h = (struct heard){ 0 };
	CHECK_EQ(iom_observe(r->unit, &observer, h), IOM_OK);
}

TEST(descriptors_and_events_are_heard, "")
{
	for (unsigned wide = 0; wide < 2; wide++) {
		unsigned ttm = wide ? TTM_SCALABLE : TTM_LEGACY;
		struct rig *r = queue_new(CAP_ALL, ECAP_ALL, ttm, 0, wide);
		struct heard h;

		rig_event(r, IECTL, 0xfee01000, 0x31);
		listen(r, &h);
		rig_submit(r, T_WAIT | WAIT_IF | WAIT_DATA(9), 0x40);
		CHECK_EQ(h.commands, 1);
		CHECK_EQ(h.words, wide ? 4 : 2);
		CHECK_EQ(h.word[0], T_WAIT | WAIT_IF | WAIT_DATA(9));
		CHECK_EQ(h.word[1], 0x40);
		CHECK_EQ(h.msis, 1);
		CHECK_EQ(h.address, 0xfee01000);
		CHECK_EQ(h.data, 0x31);
		CHECK_EQ(h.result, IOM_OK);
		wr32(r, ICS, 1);
		r->msi_fails = true;
		rig_submit(r, T_WAIT | WAIT_IF, 0);
		CHECK_EQ(rd32(r, ICS), 1);
		CHECK_EQ(h.commands, 2);
		CHECK_EQ(h.msis, 2);
		CHECK_EQ(h.result, IOM_EFAULT);
		rig_free(r);
	}
}

TEST(remapped_messages_are_heard, "")
{
	struct rig *r = rig_new();
	struct heard h;
	struct irt t;

	irt_on(&t, r, 7, false);
	irt_put(&t, 5, IRTE_P | IRTE_V(0x41) | IRTE_DST(0x300), 0);
	listen(r, &h);
	irt_delivers(&t, 5, 0xfee03000, 0x4041);
	CHECK_EQ(h.msis, 1);
	CHECK_EQ(h.address, 0xfee03000);
	CHECK_EQ(h.data, 0x4041);
	rig_free(r);
}

/* The interrupt's entry is read, its descriptor too, two words of that change; last the notification. */
TEST(accesses_of_posting_are_heard, "")
{
	struct rig *r = rig_new();
	unsigned reason;
	struct irt t;
	uint64_t pd;

	irt_on(&t, r, 7, false);
	for (unsigned fixed = 0; fixed < 2; fixed++) {
		pd = fixed ? rom_page(r) : page(r);
		put64(r, pd + 32, 0xf2 << 16 | 0x500ull << 32);
		irt_put(&t, 5, IRTE_P | IRTE_IM | IRTE_V(0x81) | pd << 32, pd >> 32 << 32);
		rig_watch(r);
		CHECK_EQ(rig_msi(r, IRTE_SID, irte_address(5, false), 0, &reason),
		         fixed ? IOM_EFAULT : IOM_OK);
		CHECK_EQ(reason, fixed ? 0x27 : 0);
		CHECK_EQ(r->owns, fixed ? 3 : 5);
		for (unsigned i = 1; i < r->owns && i < 4; i++) {
			/* PIR's third word for 0x81; the words behind PIR */
			static const unsigned off[] = { 0, 0, 16, 32 };

			CHECK_EQ(r->own[i].spa, pd + off[i]);
			CHECK_EQ(r->own[i].bytes, i == 1 ? 64 : 8);
			CHECK_EQ(r->own[i].of, IOM_OF_MRIF);
			CHECK_EQ(r->own[i].write, i > 1);
			CHECK_EQ(r->own[i].result, fixed && i == 2 ? IOM_EFAULT : IOM_OK);
		}
		if (!fixed)
			CHECK_EQ(r->own[4].of, IOM_OF_INTERRUPT);
	}
	rig_free(r);
}

TEST(fault_reasons_have_names, "VTD-FLT-01")
{
	struct rig *r = rig_new();

	CHECK_EQ(strcmp(iom_fault_name(r->unit, 0x1), "root entry not present"), 0);
	CHECK_EQ(strcmp(iom_fault_name(r->unit, 0x26), "source-id not verified"), 0);
	/* A reserved one */
	CHECK_EQ(strcmp(iom_fault_name(r->unit, 0x1f), "unknown fault reason"), 0);
	rig_free(r);
}
