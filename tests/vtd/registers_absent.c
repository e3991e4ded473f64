/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Every offset of the window, on units with all kinds of capabilities. */
#include "registers_map.h"

#define IR_GROUP (ECAP_IR | ECAP_EIM | ECAP_MHMV(15))
#define PAGE_GROUP (ECAP_PRS | ECAP_SMS)
#define DT_GROUP (ECAP_DT | ECAP_NWFS | ECAP_PDS | PAGE_GROUP)
#define PASID_GROUP (ECAP_PASID | ECAP_PSS(20))
#define FS_GROUP (ECAP_FSTS | ECAP_NEST | ECAP_EAFS)
/* Beside page requests */
#define SM_GROUP                                                                                   \
	(ECAP_SMTS | ECAP_SRS | ECAP_RPRIVS | PASID_GROUP | FS_GROUP | ECAP_SSADS | ECAP_SMPWCS |  \
	 ECAP_RPS)

/* What is taken from the unit that has everything. */
static const struct {
	uint64_t cap, ecap;
} without[] = {
	{ 0, 0 },
	{ CAP_PLMR, 0 },
	{ CAP_PHMR, 0 },
	{ CAP_PLMR | CAP_PHMR, 0 },
	{ 0, ECAP_EIM },
	{ CAP_PI, IR_GROUP },
	{ 0, PAGE_GROUP },
	{ 0, DT_GROUP },
	{ 0, ECAP_SSIRWS },
	{ 0, ECAP_SSIRWS | ECAP_SSTS | ECAP_NEST },
	{ CAP_FS1GP | CAP_FS5LP, SM_GROUP | PAGE_GROUP },
	{ 0, ECAP_ADMS },
	{ CAP_FS1GP | CAP_FS5LP, SM_GROUP | PAGE_GROUP | ECAP_ADMS },
	{ CAP_PI | CAP_FS1GP | CAP_FS5LP, ECAP_QI | IR_GROUP | DT_GROUP | SM_GROUP },
	{ CAP_PI | CAP_FS1GP | CAP_FS5LP | CAP_PLMR | CAP_PHMR,
	  ECAP_QI | IR_GROUP | DT_GROUP | SM_GROUP | ECAP_ADMS | ECAP_SSIRWS | ECAP_SSTS },
};

#define UNITS (sizeof(without) / sizeof(*without))

static struct rig *unit(size_t i, uint8_t version)
{
	const struct iom_vtd_config config = { .cap = CAP_MAP & ~without[i].cap,
		                               .ecap = ECAP_MAP & ~without[i].ecap,
		                               .version = version,
		                               .address_bits = RIG_HAW };

	return rig_new_config(&config);
}

TEST(every_offset_by_dwords, "VTD-REG-01 VTD-REG-02 VTD-REG-05 VTD-REG-10 VTD-REG-11 VTD-REG-12 "
                             "VTD-REG-13 VTD-REG-14 VTD-REG-15 VTD-REG-16 VTD-REG-18 VTD-REG-19 "
                             "VTD-REG-20 VTD-REG-21 VTD-REG-22 VTD-REG-23 VTD-REG-27 VTD-PMR-07")
{
	size_t i;
	uint64_t off;

	for (i = 0; i < UNITS; i++) {
		struct rig *r = unit(i, 0x40);

		map_check_reset(r);
		for (off = 0; off < WINDOW; off += 4)
			wr32(r, off, map_dword(r, off).write);
		map_check_written(r);
		/* Down again, the other way round; a reset leaves nothing. */
		for (off = WINDOW; off;) {
			off -= 4;
			wr32(r, off, map_dword(r, off).write);
		}
		map_check_written(r);
		iom_unit_reset(r->unit);
		map_check_reset(r);
		CHECK_EQ(r->msis, 0);
		rig_free(r);
	}
}

/* Single accesses of the registers of 64 bits. */
TEST(every_quadword, "VTD-REG-07 VTD-REG-18 VTD-REG-20 VTD-REG-21 VTD-REG-22 VTD-REG-23")
{
	static const uint16_t wide[] = { CAP, ECAP, RTADDR,  CCMD,        PHMBASE, PHMLIMIT,
		                         IQH, IQT,  IQA,     IQERCD,      IRTA,    PQH,
		                         PQT, PQA,  RIG_IRO, RIG_IRO + 8, RIG_FRO, RIG_FRO + 8 };
	size_t i, k;

	for (i = 0; i < UNITS; i++) {
		struct rig *r = unit(i, 0x40);

		for (k = 0; k < sizeof(wide) / sizeof(*wide); k++) {
			const uint64_t off = wide[k];
			const struct dword low = map_dword(r, off), high = map_dword(r, off + 4);
			uint64_t val;

			CHECK_EQ(rd64(r, off), (uint64_t)high.reset << 32 | low.reset);
			wr64(r, off, (uint64_t)high.write << 32 | low.write);
			val = rd64(r, off) & ((uint64_t)high.known << 32 | low.known);
			CHECK_MSG(val == ((uint64_t)high.reads << 32 | low.reads),
			          "offset 0x%llx reads 0x%llx", (unsigned long long)off,
			          (unsigned long long)val);
			CHECK_EQ(rd64(r, off), (uint64_t)rd32(r, off + 4) << 32 | rd32(r, off));
		}
		rig_free(r);
	}
}

/* Each profile: what it does not tell to have is not there. */
TEST(every_offset_of_the_profiles, "VTD-REG-02 VTD-REG-05 VTD-REG-18")
{
	uint32_t profile;
	uint64_t off;

	for (profile = IOM_VTD_LEGACY; profile <= IOM_VTD_FULL; profile++) {
		const struct iom_vtd_config config = { .profile = profile };
		struct rig *r = rig_new_config(&config);

		r->config.cap = r->cap;
		r->config.ecap = r->ecap;
		r->config.version = (uint8_t)rd32(r, VER);
		CHECK(r->config.version >= 0x10);
		CHECK_EQ(iom_mmio_bytes(r->unit, 0), WINDOW);
		map_check_reset(r);
		for (off = 0; off < WINDOW; off += 4)
			wr32(r, off, map_dword(r, off).write);
		map_check_written(r);
		rig_free(r);
	}
}

TEST(global_commands_of_absent_features, "VTD-GCMD-15 VTD-GCMD-10")
{
	size_t i;

	for (i = 0; i < UNITS; i++) {
		struct rig *r = unit(i, 0x40);
		const uint64_t ecap = r->config.ecap;
		/* SFL, EAFL and the reserved ones belong to nobody; WBF ends at once. */
		uint32_t can = SRTP | TE, bit;

		if (ecap & ECAP_QI)
			can |= QIE;
		if (ecap & ECAP_IR)
			can |= IRE | SIRTP | CFI;
		for (bit = 1; bit; bit <<= 1) {
			struct rig *one = unit(i, 0x40);

			wr32(one, GCMD, bit);
			CHECK_MSG(rd32(one, GSTS) == (can & bit), "GCMD 0x%x: GSTS 0x%x", bit,
			          rd32(one, GSTS));
			rig_free(one);
		}
		rig_free(r);
	}
}

static void unaligned(struct rig *r, uint64_t off, unsigned bytes)
{
	uint64_t val = ~0ull;

	CHECK_EQ(iom_mmio_write(r->unit, 0, off, bytes, ~0ull), IOM_OK);
	CHECK_EQ(iom_mmio_read(r->unit, 0, off, bytes, &val), IOM_OK);
	CHECK_MSG(val == 0, "%u bytes at 0x%llx read 0x%llx", bytes, (unsigned long long)off,
	          (unsigned long long)val);
}

TEST(accesses_of_other_sizes, "VTD-REG-08")
{
	static struct window w;
	struct rig *r = unit(0, 0x40);
	uint64_t off;

	/* With a fault and an invalidation event waiting, so that reads could tell. */
	rig_queue(r, 0, false);
	rig_on(r, TTM_LEGACY);
	rig_submit(r, 5 | 1 << 4, 0);
	CHECK_EQ(rd32(r, ICS), 1);
	CHECK_EQ(rig_translate(r, 1, rq(0x1000, IOM_READ), &(struct iom_reply){ 0 }), IOM_EFAULT);
	CHECK_EQ(rd32(r, FSTS), PPF);
	window_save(r, &w);
	for (off = 0; off < WINDOW; off++) {
		unaligned(r, off, 1);
		if (off + 2 <= WINDOW)
			unaligned(r, off, 2);
		if (off % 4 && off + 4 <= WINDOW)
			unaligned(r, off, 4);
		if (off % 8 && off + 8 <= WINDOW)
			unaligned(r, off, 8);
	}
	window_same(r, &w);
	CHECK_EQ(r->msis, 0);
	rig_free(r);
}

TEST(accesses_outside_the_window, "")
{
	struct rig *r = unit(0, 0x40);
	uint64_t val = 0;

	CHECK_EQ(iom_mmio_read(r->unit, 0, WINDOW, 4, &val), IOM_EINVAL);
	CHECK_EQ(val, ~0ull);
	CHECK_EQ(iom_mmio_write(r->unit, 0, WINDOW - 4, 8, 0), IOM_EINVAL);
	CHECK_EQ(iom_mmio_write(r->unit, 1, 0, 4, 0), IOM_EINVAL);
	CHECK_EQ(iom_mmio_write(r->unit, 0, 0, 3, 0), IOM_EINVAL);
	rig_free(r);
}
