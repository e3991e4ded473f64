/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Views of a RAM: other addresses, the same bytes. */
#include "machine/ram.h"

#include <string.h>

#include <iommux/error.h>

#include "../test.h"
#include "machine/pages.h"

TEST(ram_view_shows_the_same_bytes_elsewhere, "")
{
	struct ram_view view;
	struct ram ram;

	CHECK_EQ(ram_init(&ram, 8 * (size_t)PAGE_BYTES), IOM_OK);
	CHECK_EQ(ram.host[0] | ram.host[ram.bytes - 1], 0);
	CHECK_EQ(ram_view_init(&view, 2), IOM_OK);
	CHECK_EQ(ram_view_show(&view, 0, &ram, 5 * PAGE_BYTES), IOM_OK);
	CHECK_EQ(ram_view_show(&view, 1, &ram, 2 * PAGE_BYTES), IOM_OK);
	memcpy(view.host + PAGE_BYTES - 4, "together", 8);
	CHECK(!memcmp(ram.host + 6 * (size_t)PAGE_BYTES - 4, "toge", 4));
	CHECK(!memcmp(ram.host + 2 * (size_t)PAGE_BYTES, "ther", 4));
	ram.host[5 * (size_t)PAGE_BYTES] = 77;
	CHECK_EQ(view.host[0], 77);

	/* another page at the same address, which keeps what it had itself */
	ram.host[0] = 3;
	CHECK_EQ(ram_view_show(&view, 0, &ram, 0), IOM_OK);
	CHECK_EQ(view.host[0], 3);
	CHECK_EQ(ram.host[5 * (size_t)PAGE_BYTES], 77);
	ram_view_release(&view);
	ram_release(&ram);
	CHECK(!ram.host && !view.host);
	ram_release(&ram);
	ram_view_release(&view);
}
