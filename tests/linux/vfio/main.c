/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* vfio_test group|file ADDRESS: takes the NVMe controller at ADDRESS of PCI and tests what is before it. */
#include <stdio.h>
#include <string.h>

#include "vfio_test.h"

struct device device;
struct nvme nvme = { .device = &device };

static void starts(void)
{
	int step;

	CHECK(nvme_rings(&nvme, &device.space) == 0, "the rings cannot be mapped");
	step = nvme_start(&nvme);
	CHECK(step == 0, "the controller does not start: step %d", step);
}

int main(int count, char **words)
{
	bool file = count == 3 && strcmp(words[1], "file") == 0;

	if (count != 3 || (!file && strcmp(words[1], "group") != 0)) {
		fprintf(stderr, "usage: %s group|file ADDRESS\n", words[0]);
		return 2;
	}
	device_open(&device, words[2], file);
	nvme.rings = memory_new(RING_BYTES);
	tap_run("the controller starts, and its interrupts come", starts);
	if (tap_failing)
		return tap_end();
	test_spaces();
	if (file) {
		test_iommufd();
		test_nested();
	}
	return tap_end();
}
