/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The invalidation queue: which descriptors are well formed. */
#include "queue.h"

/* Modes in which a queue can be: TTM, width. */
static const struct mode {
	unsigned ttm;
	bool wide;
} modes[] = {
	{ TTM_LEGACY, false }, { TTM_LEGACY, true }, { TTM_SCALABLE, true }, { TTM_ABORT, true }
};

#define ABORTS (ECAP_ALL | ECAP_ADMS)

static bool offered(const struct form *f, const struct mode *m)
{
	return !f->wide || m->ttm != TTM_LEGACY;
}

/* Each bit of each descriptor of this mode that is in `mask`, flipped alone. */
static void sweep(const struct mode *m, bool reserved)
{
	struct rig *r = queue_new(CAP_ALL, ABORTS, m->ttm, 0, m->wide);
	unsigned i, bit;

	for (i = 0; i < QUEUE_FORMS; i++) {
		const struct form *f = &queue_form[i];
		uint64_t qw[4] = { f->qw[0], f->qw[1] };

		if (!offered(f, m))
			continue;
		queue_takes(r, qw);
		for (bit = 0; bit < (m->wide ? 256 : 128); bit++) {
			uint64_t mask = 1ull << bit % 64;
			uint64_t in = bit >= 128 ? (reserved ? mask : 0)
			              : reserved ? f->reserved[bit / 64]
			                         : f->free[bit / 64];

			if (!(in & mask))
				continue;
			qw[bit / 64] ^= mask;
			if (reserved)
				queue_refuses(r, qw, 4);
			else
				queue_takes(r, qw);
			qw[bit / 64] ^= mask;
		}
	}
	rig_free(r);
}

TEST(reserved_bits_of_descriptors, "VTD-QI-14 VTD-DEV-04 VTD-ADM-04")
{
	unsigned i;

	for (i = 0; i < 4; i++)
		sweep(&modes[i], true);
}

TEST(fields_of_descriptors, "VTD-QI-26 VTD-ADM-04")
{
	unsigned i;

	for (i = 0; i < 4; i++)
		sweep(&modes[i], false);
}

/* Where a granularity does not use it, a field may hold anything; reserved bits stay reserved. */
TEST(fields_without_use, "VTD-QI-14 VTD-QI-16")
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_SCALABLE, 0, true);
	const uint64_t taken[][4] = {
		{ T_CONTEXT | G(1) | 0x3ffffffff0000 },
		{ T_CONTEXT | G(2) | 0x3ffff00000000 },
		{ T_IOTLB | G(1) | 0xffff0000, ~0ull << 12 | 0x7f },
		{ T_IOTLB | G(2), ~0ull << 12 | 0x7f },
		{ T_IEC | 0xfffff8000000 },
		{ T_PIOTLB | G(2), ~0ull << 12 | 0x7f },
		{ T_PASID | G(0) | 0xfffff00000000 },
		{ T_PASID | G(3) | 0xfffffffff0000 },
	};
	const uint64_t refused[][4] = { { T_CONTEXT | G(1) | 1ull << 50 },
		                        { T_IOTLB | G(1), 0x80 },
		                        { T_IOTLB | G(2) | 1ull << 32 },
		                        { T_IEC | 1ull << 26 },
		                        { T_PIOTLB | G(2), 0x800 },
		                        { T_PASID | G(0) | 1ull << 52 },
		                        { T_WAIT, 1 },
		                        { T_WAIT, 2 },
		                        { T_WAIT | 1ull << 31 | WAIT_FN, 0 } };
	unsigned i;

	for (i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		queue_takes(r, taken[i]);
	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		queue_refuses(r, refused[i], 4);
	rig_free(r);
}

TEST(types_that_are_not, "VTD-QI-08 VTD-QI-09 VTD-QI-10")
{
	unsigned i, type, high;

	for (i = 0; i < 4; i++) {
		const struct mode *m = &modes[i];
		struct rig *r = queue_new(CAP_ALL, ABORTS, m->ttm, 0, m->wide);

		for (high = 0; high < 8; high++)
			for (type = 0; type < 16; type++) {
				const uint64_t qw[4] = { high << 9 | type };

				if (high || type == 0 || type > (m->ttm ? 9 : 5))
					queue_refuses(r, qw, 3);
			}
		rig_free(r);
	}
}

TEST(narrow_where_wide_is_due, "VTD-QI-11 VTD-ADM-04")
{
	struct rig *r = queue_new(CAP_ALL, ABORTS, TTM_SCALABLE, 0, false);
	const uint64_t wait[4] = { T_WAIT };
	unsigned type;

	/* What is repaired is refused again. */
	for (type = 0; type < 16; type++) {
		put64(r, r->queue, type);
		wr32(r, IQT, 16);
		queue_stopped(r, 0, 5);
		wr32(r, FSTS, IQE);
		queue_stopped(r, 0, 5);
	}
	rig_free(r);

	r = queue_new(CAP_ALL, ABORTS, TTM_ABORT, 0, false);
	rig_submit4(r, wait);
	queue_stopped(r, 0, 5);
	rig_free(r);
}

TEST(wide_where_there_is_only_narrow, "VTD-QI-12")
{
	const uint64_t wait[4] = { T_WAIT };
	struct rig *r = rig_new_caps(CAP_LEGACY, ECAP_LEGACY);

	rig_queue(r, 0, true);
	rig_submit4(r, wait);
	queue_stopped(r, 0, 5);
	wr32(r, FSTS, IQE);
	queue_stopped(r, 0, 5);
	rig_free(r);

	/* Either capability allows it. */
	r = queue_new(CAP_LEGACY, ECAP_LEGACY | ECAP_ADMS, TTM_LEGACY, 0, true);
	queue_takes(r, wait);
	rig_free(r);
	r = queue_new(CAP_ALL, ECAP_ALL, TTM_LEGACY, 0, true);
	queue_takes(r, wait);
	rig_free(r);
}

TEST(table_mode_that_is_reserved, "VTD-QI-13")
{
	unsigned wide, type;

	for (wide = 0; wide < 2; wide++) {
		struct rig *r = queue_new(CAP_ALL, ECAP_ALL, 2, 0, wide);

		for (type = 0; type < 16; type++) {
			put64(r, r->queue, type);
			put64(r, r->queue + 8, ~0ull);
			wr32(r, IQT, wide ? 32 : 16);
			queue_stopped(r, 0, 7);
			wr32(r, FSTS, IQE);
			queue_stopped(r, 0, 7);
		}
		/* With a mode that there is, it goes on. */
		put64(r, r->queue, T_WAIT);
		put64(r, r->queue + 8, 0);
		rig_rtaddr(r, r->root | TTM_LEGACY << 10);
		wr32(r, FSTS, IQE);
		CHECK_EQ(rd32(r, FSTS) & IQE, 0);
		CHECK_EQ(rd64(r, IQH), wide ? 32 : 16);
		rig_free(r);
	}
}

/* A type that is not is no matter of its fields, nor the other way round. */
TEST(type_before_fields, "VTD-QI-08 VTD-QI-10")
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_LEGACY, 0, true);
	unsigned type;

	for (type = 0; type < 16; type++) {
		const uint64_t qw[4] = { type | 0xf000, ~0ull, ~0ull, ~0ull };

		queue_refuses(r, qw, type > 0 && type <= 5 ? 4 : 3);
	}
	rig_free(r);
}

TEST(granularities, "VTD-QI-15")
{
	static const struct {
		unsigned type, legal;
	} of[] = { { T_CONTEXT, 0xe }, { T_IOTLB, 0xe }, { T_PIOTLB, 0xc }, { T_PASID, 0xb } };
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL, TTM_SCALABLE, 0, true);
	unsigned i, g;

	for (i = 0; i < 4; i++)
		for (g = 0; g < 4; g++) {
			const uint64_t qw[4] = { of[i].type | G(g) };

			if (of[i].legal >> g & 1)
				queue_takes(r, qw);
			else
				queue_refuses(r, qw, 4);
		}
	rig_free(r);
	r = queue_new(CAP_LEGACY, ECAP_LEGACY, TTM_LEGACY, 0, false);
	for (i = 0; i < 2; i++) {
		const uint64_t qw[4] = { of[i].type };

		queue_refuses(r, qw, 4);
	}
	rig_free(r);
}

TEST(address_masks, "VTD-QI-16")
{
	static const unsigned mamv[] = { 0, 9, 18, 63 };
	const uint64_t cap = CAP_ALL & ~(CAP_MAMV(63) | CAP_PSI);
	struct rig *r;
	unsigned i, am;

	for (i = 0; i < 4; i++) {
		r = queue_new(cap | CAP_PSI | CAP_MAMV(mamv[i]), ECAP_ALL, TTM_SCALABLE, 0, true);
		for (am = 0; am < 64; am++) {
			const uint64_t page_of[4] = { T_IOTLB | G(3), am };
			const uint64_t domain[4] = { T_IOTLB | G(2), am };
			const uint64_t pasid[4] = { T_PIOTLB | G(3), am };

			if (am <= mamv[i])
				queue_takes(r, page_of);
			else
				queue_refuses(r, page_of, 4);
			queue_takes(r, domain);
			queue_takes(r, pasid);
		}
		rig_free(r);
	}
	r = queue_new(cap, ECAP_ALL, TTM_SCALABLE, 0, true);
	for (am = 0; am < 64; am++) {
		const uint64_t page_of[4] = { T_IOTLB | G(3), am };
		const uint64_t pasid[4] = { T_PIOTLB | G(3), am };

		queue_refuses(r, page_of, 4);
		queue_takes(r, pasid);
	}
	rig_free(r);
}

TEST(index_masks, "VTD-QI-17")
{
	static const unsigned mhmv[] = { 0, 6, 15 };
	unsigned i;
	uint64_t im;

	for (i = 0; i < 3; i++) {
		struct rig *r = queue_new(CAP_ALL, (ECAP_ALL & ~ECAP_MHMV(15)) | ECAP_MHMV(mhmv[i]),
		                          TTM_LEGACY, 0, false);

		for (im = 0; im < 32; im++) {
			const uint64_t index[4] = { T_IEC | G(1) | im << 27 };
			const uint64_t global[4] = { T_IEC | im << 27 };

			if (im <= mhmv[i])
				queue_takes(r, index);
			else
				queue_refuses(r, index, 4);
			queue_takes(r, global);
		}
		rig_free(r);
	}
}

TEST(a_drain_of_page_requests_that_the_unit_lacks, "VTD-QI-27")
{
	const uint64_t qw[4] = { T_WAIT | WAIT_PD };
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL & ~ECAP_PDS, TTM_SCALABLE, 0, true);

	queue_refuses(r, qw, 4);
	rig_free(r);
	r = queue_new(CAP_ALL, ECAP_ALL, TTM_SCALABLE, 0, true);
	queue_takes(r, qw);
	rig_free(r);
	r = queue_new(CAP_LEGACY, ECAP_LEGACY, TTM_LEGACY, 0, false);
	queue_refuses(r, qw, 4);
	rig_free(r);
}

TEST(types_of_absent_capabilities, "VTD-QI-46")
{
	const uint64_t devices = ECAP_DT | ECAP_PRS | ECAP_PDS | ECAP_NWFS | ECAP_SMS;
	const uint64_t interrupts = ECAP_IR | ECAP_EIM | ECAP_MHMV(15);
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL & ~devices, TTM_SCALABLE, 0, true);
	uint64_t qw[4] = { T_DEVICE };

	queue_refuses(r, qw, 3);
	qw[0] = T_PDEVICE;
	queue_refuses(r, qw, 3);
	qw[0] = T_RESPONSE;
	queue_refuses(r, qw, 3);
	CHECK_EQ(r->messages, 0);
	rig_free(r);

	r = queue_new(CAP_ALL, ECAP_ALL & ~(ECAP_PRS | ECAP_SMS | ECAP_PDS), TTM_SCALABLE, 0, true);
	queue_refuses(r, qw, 3);
	qw[0] = T_DEVICE;
	queue_takes(r, qw);
	qw[0] = T_PDEVICE;
	queue_takes(r, qw);
	rig_free(r);

	r = queue_new(CAP_ALL & ~CAP_PI, ECAP_ALL & ~interrupts, TTM_SCALABLE, 0, true);
	qw[0] = T_IEC;
	queue_refuses(r, qw, 3);
	rig_free(r);
}

TEST(throttling_names_a_function, "VTD-DEV-04")
{
	struct rig *r = queue_new(CAP_ALL, ECAP_ALL | ECAP_DIT, TTM_SCALABLE, 0, true);
	unsigned bit;

	for (bit = 0; bit < 64; bit++)
		if (0xfff000000000f000 >> bit & 1) {
			const uint64_t device[4] = { T_DEVICE | 1ull << bit };
			const uint64_t pasid[4] = { T_PDEVICE | 1ull << bit };

			queue_takes(r, device);
			queue_takes(r, pasid);
		}
	rig_free(r);
}
