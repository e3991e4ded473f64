/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A slice of the comparison, the same at every run.  What it found wrong once stands as a test of its own
 * in tests/vtd; here is what nobody has thought of.
 */
#include "../../../test.h"
#include "compare.h"

static char text[16384];

TEST(unit_and_twin_agree, "")
{
	static const uint8_t codes[] = {
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d,
		0x0e, 0x29, 0x30, 0x31, 0x33, 0x34, 0x38, 0x39, 0x3a, 0x40, 0x41, 0x42, 0x43,
		0x44, 0x45, 0x46, 0x48, 0x49, 0x50, 0x51, 0x52, 0x58, 0x59, 0x5a, 0x5b, 0x5c,
		0x5d, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x7b,
		0x7c, 0x7d, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x89, 0x90, 0x91,
	};
	const struct run run = { .seed = 1, .requests = 150000 };
	struct tally t = { 0 };

	CHECK_MSG(compare_run(&run, &t, text, sizeof text), "\n%s", text);
	CHECK_MSG(t.refused == 0, "\n%s", text);

	/* all of this has been reached, often, and not only what is wrong early */
	for (unsigned i = 0; i < sizeof codes; i++)
		CHECK_MSG(tally_code(&t, codes[i]) > 40, "code 0x%02x", codes[i]);
	CHECK(tally_code(&t, 0) > t.requests / 5);
	for (unsigned pgtt = 1; pgtt <= 4; pgtt++)
		CHECK_MSG(t.pgtt[pgtt] > 1000, "PGTT %u", pgtt);
	for (unsigned ss = 3; ss <= 5; ss++) {
		CHECK_MSG(t.levels[0][ss] > 1000, "%u levels", ss);
		for (unsigned fs = 4; fs <= 5; fs++)
			CHECK_MSG(t.levels[fs][ss] > 40, "%u levels over %u", fs, ss);
	}
	for (unsigned fs = 4; fs <= 5; fs++)
		CHECK_MSG(t.levels[fs][0] > 1000, "%u levels of the first stage", fs);
	CHECK(t.size[12] > 1000 && t.size[21] > 1000 && t.size[30] > 1000);
	CHECK(t.mode[0] > 1000 && t.mode[1] > 1000 && t.mode[2] > 40 && t.mode[3] > 40);
	CHECK(t.update[0] > 500 && t.update[1] > 500);
	CHECK(t.suppressed > 1000 && t.snooped > 1000 && t.separate > 1000);
	CHECK(t.interrupts > 40 && t.ats_u > 40);
	CHECK(t.excused < t.requests / 1000);
}
