/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The smallest program that uses both sides of the installed library. */
#include <stdio.h>
#include <string.h>

#include <iommux/iommux.h>
#include <iommux/os.h>

int main(void)
{
	const struct iom_os_host nothing = { .bytes = sizeof nothing };
	struct iom_memory *memory;
	struct iom_driver *driver;
	struct iom_unit *unit;
	struct iom_error error;
	char header[32];

	snprintf(header, sizeof header, "%d.%d.%d", IOM_VERSION_MAJOR, IOM_VERSION_MINOR,
	         IOM_VERSION_PATCH);
	if (strcmp(iom_version(), header) != 0) {
		printf("header of %s, library of %s\n", header, iom_version());
		return 1;
	}

	if (iom_memory_new(NULL, NULL, &memory, &error) != IOM_OK)
		return 2;
	if (iom_riscv_new(NULL, memory, NULL, NULL, &unit, &error) != IOM_OK) {
		puts(error.text);
		return 3;
	}
	if (strcmp(iom_unit_arch(unit), "riscv") != 0)
		return 4;
	iom_unit_free(unit);
	iom_memory_free(memory);

	/* A kernel that provides nothing is refused; that the call arrives is what counts here. */
	return iom_driver_riscv(NULL, &nothing, NULL, &driver, &error) == IOM_EINVAL ? 0 : 5;
}
