/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A virtual CPU's interrupts move between an interrupt file of a controller and one in memory, as
 * software does it, while a device goes on sending: nothing may be lost, and nothing may come to a file
 * that has been left.
 */
#include <pthread.h>
#include <sched.h>

#include "mrif.h"

#define WORDS 32
#define PASSES 4
#define EACH 64 /* messages a move */

struct mover {
	struct mrif m;
	uint64_t file[WORDS]; /* of the controller: its page is RIG_DEVICE */
	int left;             /* the controller's file is somebody else's now */
	unsigned strays;
	unsigned moves;
	int done;
};

static struct mover *mover; /* of the hook, which has no other way to it */

static void controller(struct rig *r, uint64_t off, const void *buf, size_t len)
{
	const uint8_t *b = buf;
	const unsigned identity = b[0] | (unsigned)b[1] << 8;

	(void)r;
	if (off || len != 4 || __atomic_load_n(&mover->left, __ATOMIC_SEQ_CST))
		__atomic_fetch_add(&mover->strays, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&mover->file[identity / 64], 1ull << identity % 64, __ATOMIC_SEQ_CST);
}

static uint64_t *in_memory(struct mover *v, unsigned word)
{
	return (uint64_t *)(void *)(v->m.r->ram + (v->m.file - RIG_RAM) + 16 * word);
}

static void move(struct mover *v, bool to_memory)
{
	struct rig *r = v->m.r;
	uint64_t *entry = (uint64_t *)(void *)(r->ram + (v->m.table - RIG_RAM));
	uint32_t tail;

	for (unsigned i = 0; to_memory && i < WORDS; i++)
		v->strays += __atomic_load_n(in_memory(v, i), __ATOMIC_SEQ_CST) != 0;
	if (!to_memory)
		__atomic_store_n(&v->left, 0, __ATOMIC_SEQ_CST);
	/* The second doubleword is the same in both forms: basic entries ignore it. */
	__atomic_store_n(entry, to_memory ? mrif_entry(v->m.file) : PTE_PPN(RIG_DEVICE) | 7,
	                 __ATOMIC_SEQ_CST);
	rig_cmd(r, GVMA | 1ull << 10 | 1ull << 33 | 7ull << 44, PPN_OF(MRIF_PAGE));
	rig_cmd(r, FENCE | FENCE_PW, 0);
	tail = rd32(r, CQT);
	while (rd32(r, CQH) != tail)
		sched_yield();
	if (to_memory)
		__atomic_store_n(&v->left, 1, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t *from = to_memory ? &v->file[i] : in_memory(v, i);
		uint64_t *to = to_memory ? in_memory(v, i) : &v->file[i];
		uint64_t bits = __atomic_exchange_n(from, 0, __ATOMIC_SEQ_CST);

		__atomic_fetch_or(to, bits, __ATOMIC_SEQ_CST);
	}
}

static void *send(void *opaque)
{
	struct mover *v = opaque;

	for (unsigned identity = 1; identity < 2048; identity++) {
		/* Not too far ahead, so that there is something to send during each move. */
		while (identity / EACH > __atomic_load_n(&v->moves, __ATOMIC_SEQ_CST))
			sched_yield();
		mrif_send(&v->m, 0, identity);
	}
	__atomic_store_n(&v->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

TEST(mrif_moving_loses_nothing, "IRQ-MRIF-12")
{
	for (unsigned pass = 0; pass < PASSES; pass++) {
		static struct mover v;
		pthread_t thread;
		bool to_memory = true;

		v = (struct mover){ 0 };
		mover = &v;
		mrif_init(&v.m, CAP_MRIF | CAP_AMO_MRIF, 0);
		v.m.r->on_device_write = controller;
		rig_cq(v.m.r, 8, false);
		put64(v.m.r, v.m.table, PTE_PPN(RIG_DEVICE) | 7);
		CHECK_EQ(pthread_create(&thread, NULL, send, &v), 0);
		while (!__atomic_load_n(&v.done, __ATOMIC_SEQ_CST)) {
			move(&v, to_memory);
			to_memory = !to_memory;
			__atomic_fetch_add(&v.moves, 1, __ATOMIC_SEQ_CST);
		}
		pthread_join(thread, NULL);
		CHECK_EQ(v.strays, 0);
		for (unsigned i = 0; i < WORDS; i++)
			CHECK_EQ(v.file[i] | *in_memory(&v, i), i ? ~0ull : ~1ull);
		mrif_free(&v.m);
	}
}
