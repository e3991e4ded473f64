/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* An IOMMU inside your program: RAM, a unit, and a device that does DMA through it. */
#include <iommux/iommux.h>

#include <stdio.h>
#include <string.h>

#define RAM 0x80000000ull /* where the machine has its RAM */

static uint64_t ram[0x10000 / 8];

int main(void)
{
	const struct iom_region region = { .spa = RAM, .bytes = sizeof ram, .host = ram };
	struct iom_request request = { .iova = RAM + 0x3000 };
	struct iom_memory *memory;
	struct iom_unit *unit;
	struct iom_endpoint *nic;
	struct iom_lane *lane;
	struct iom_port *port;
	struct iom_reply reply;
	struct iom_error error;
	char got[6] = "";

	if (iom_memory_new(NULL, NULL, &memory, &error) ||
	    iom_memory_add(memory, &region, &error) ||
	    iom_riscv_new(NULL, memory, NULL, NULL, &unit, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	iom_endpoint_get(unit, 0x0100, &nic); /* PCI 01:00.0 */
	iom_lane_open(unit, &lane);           /* this thread */
	iom_port_open(nic, lane, &port);

	/* After reset the unit is off: the device gets nothing, and the unit says why. */
	if (iom_write(port, &request, "hello", 6, &reply))
		printf("refused: %s\n", iom_fault_name(unit, reply.fault));

	/* The guest's driver sets ddtp to Bare, as your bus would pass it on: now all may pass. */
	iom_mmio_write(unit, 0, 0x010, 8, 1);
	iom_write(port, &request, "hello", 6, &reply);
	iom_read(port, &request, got, 6, &reply);
	printf("moved:   %s (%llu bytes at 0x%llx)\n", got, (unsigned long long)reply.done,
	       (unsigned long long)reply.spa);

	iom_unit_free(unit); /* with its endpoints, lanes and ports */
	iom_memory_free(memory);
	return strcmp(got, "hello") != 0;
}
