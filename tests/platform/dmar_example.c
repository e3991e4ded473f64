/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The DMAR that the tests begin with, twice. */
#include "dmar_example.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
const uint8_t dmar_bytes[DMAR_BYTES] = {
	/* header: 208 bytes, revision 1 */
	'D', 'M', 'A', 'R',  0xd0, 0, 0, 0,  1,  0x4d,  'O', 'E', 'M', 'I', 'D', ' ',
	'O', 'E', 'M', 'T', 'A', 'B', 'L', 'E',  1, 0, 0, 0,  'T', 'E', 'S', 'T',
	/* ... creator revision 1; 39 address bits, flags 5 */
	1, 0, 0, 0,  0x26, 5,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 0x30: DRHD of 50 bytes, two pages at 0xfed90000 in segment 0; I/O APIC 2 at f0:1f.7, HPET 0
	 * at 00:1f.0, endpoint 00:02.0, bridge 00.1 behind bridge 00:01.0 */
	0, 0,  0x32, 0,  0, 1,  0, 0,  0, 0, 0xd9, 0xfe, 0, 0, 0, 0,
	3, 8, 0, 0,  2, 0xf0,  0x1f, 7,
	4, 8, 0, 0,  0, 0,  0x1f, 0,
	1, 8, 0, 0,  0, 0,  2, 0,
	2, 10, 0, 0,  0, 0,  1, 0,  0, 1,
	/* 0x62: RMRR of 32 bytes, 0x7a000000 to 0x7affffff for 00:14.0 */
	1, 0,  0x20, 0,  0, 0,  0, 0,
	0, 0, 0, 0x7a, 0, 0, 0, 0,  0xff, 0xff, 0xff, 0x7a, 0, 0, 0, 0,
	1, 8, 0, 0,  0, 0,  0x14, 0,
	/* 0x82: ATSR of 8 bytes, all ports */
	2, 0,  8, 0,  1, 0,  0, 0,
	/* 0x8a: RHSA of 20 bytes, proximity domain 1 */
	3, 0,  0x14, 0,  0, 0, 0, 0,  0, 0, 0xd9, 0xfe, 0, 0, 0, 0,  1, 0, 0, 0,
	/* 0x9e: ANDD of 18 bytes, number 1 */
	4, 0,  0x12, 0,  0, 0, 0,  1,  '\\', '_', 'S', 'B', '.', 'I', '2', 'C', '0', 0,
	/* 0xb0: SATC of 16 bytes, required, for 00:03.0 */
	5, 0,  0x10, 0,  1, 0,  0, 0,  1, 8, 0, 0,  0, 0,  3, 0,
	/* 0xc0: SIDP of 16 bytes, for 00:04.0: hardened, required */
	6, 0,  0x10, 0,  0, 0,  0, 0,  1, 8, 0x18, 0,  0, 0,  4, 0,
};
/* clang-format on */

static const struct iom_dmar_hop hops[] = {
	{ 0x1f, 7 }, { 0x1f, 0 }, { 2, 0 }, { 1, 0 }, { 0, 1 }, { 0x14, 0 }, { 3, 0 }, { 4, 0 },
};

void dmar_fill(struct dmar_example *e)
{
	memset(e, 0, sizeof *e);
	e->unit_scopes[0] = (struct iom_dmar_scope){ 3, 0, 2, 0xf0, 1, &hops[0] };
	e->unit_scopes[1] = (struct iom_dmar_scope){ 4, 0, 0, 0, 1, &hops[1] };
	e->unit_scopes[2] = (struct iom_dmar_scope){ 1, 0, 0, 0, 1, &hops[2] };
	e->unit_scopes[3] = (struct iom_dmar_scope){ 2, 0, 0, 0, 2, &hops[3] };
	e->drhd[0] = (struct iom_dmar_drhd){ 0, 1, 0, 4, 0xfed90000, e->unit_scopes };
	e->rmrr_scope[0] = (struct iom_dmar_scope){ 1, 0, 0, 0, 1, &hops[5] };
	e->rmrr[0] = (struct iom_dmar_rmrr){ 0, 1, 0x7a000000, 0x7affffff, e->rmrr_scope };
	e->atsr[0].flags = 1;
	e->rhsa[0] = (struct iom_dmar_rhsa){ 0xfed90000, 1 };
	e->andd[0] = (struct iom_dmar_andd){ 1, "\\_SB.I2C0" };
	e->satc_scope = (struct iom_dmar_scope){ 1, 0, 0, 0, 1, &hops[6] };
	e->satc[0] = (struct iom_dmar_satc){ 1, 0, 1, &e->satc_scope };
	e->sidp_scope = (struct iom_dmar_scope){ 1, 0x18, 0, 0, 1, &hops[7] };
	e->sidp[0] = (struct iom_dmar_sidp){ 0, 1, &e->sidp_scope };
	e->dmar = (struct iom_dmar){
		.bytes = sizeof e->dmar,
		.ids = { "OEMID", "OEMTABLE", "TEST", 1, 1 },
		.address_bits = 39,
		.flags = 5,
		.drhds = e->drhd,
		.drhd_count = 1,
		.rmrrs = e->rmrr,
		.rmrr_count = 1,
		.atsrs = e->atsr,
		.atsr_count = 1,
		.rhsas = e->rhsa,
		.rhsa_count = 1,
		.andds = e->andd,
		.andd_count = 1,
		.satcs = e->satc,
		.satc_count = 1,
		.sidps = e->sidp,
		.sidp_count = 1,
	};
}

uint8_t *dmar_build(const struct dmar_example *e, size_t *bytes)
{
	struct iom_error error;
	size_t again = 0;
	uint8_t *table;
	int r;

	r = iom_dmar_build(&e->dmar, NULL, 0, bytes, &error);
	CHECK_MSG(r == IOM_ENOSPC, "%s", error.text);
	table = malloc(*bytes);
	CHECK(table);
	CHECK(iom_dmar_build(&e->dmar, table, *bytes - 1, &again, NULL) == IOM_ENOSPC);
	CHECK_EQ(again, *bytes);
	memset(table, 0xa5, *bytes);
	r = iom_dmar_build(&e->dmar, table, *bytes, &again, &error);
	CHECK_MSG(r == IOM_OK, "%s", error.text);
	CHECK_STR(error.text, "");
	CHECK_EQ(again, *bytes);
	return table;
}

void dmar_open_ok(const uint8_t *bytes, size_t size, struct iom_dmar_table *table)
{
	struct iom_error error;
	int r = iom_dmar_open(bytes, size, table, &error);

	CHECK_MSG(r == IOM_OK, "%s", error.text);
	CHECK_STR(error.text, "");
}
