/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Boots on a machine whose IOMMU others wrote, drives it with the library's OS side, and reports.
 * The architecture's start.S calls main on the boot CPU, with what the boot loader passed.
 */
#include "bed.h"
#include "tests.h"

void baremetal_main(const void *boot);

void baremetal_main(const void *boot)
{
	tap_begin();
	if (!bed_start(boot)) {
		say("Bail out! The machine is not complete\n");
		machine_stop();
	}
	tap_run(domain_tests, domain_test_count, bed_open, bed_close);
	tap_run(fault_tests, fault_test_count, bed_open, bed_close);
	tap_run(machine_tests, machine_test_count, bed_open, bed_close);
	tap_end();
	machine_stop();
}
