/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Console, clock, device registers, and the end. */
#include "../machine.h"
#include "io.h"

#define COM1 0x3f8
#define LSR 5
#define LSR_THRE 0x20

#define DEBUG_EXIT 0xf4 /* -device isa-debug-exit,iobase=0xf4 */

void console_put(char c)
{
	while (!(in8(COM1 + LSR) & LSR_THRE))
		;
	out8(COM1, (uint8_t)c);
}

void machine_stop(void)
{
	out8(DEBUG_EXIT, 0);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* The emulated counter runs at 1 GHz, or faster: it is for time-outs alone. */
uint64_t clock_ns(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

uint64_t mmio_read(uint64_t address, unsigned size)
{
	void *at = (void *)(uintptr_t)address;

	switch (size) {
	case 1:
		return *(volatile uint8_t *)at;
	case 2:
		return *(volatile uint16_t *)at;
	case 4:
		return *(volatile uint32_t *)at;
	default:
		return *(volatile uint64_t *)at;
	}
}

/* Stores of this CPU are seen in their order. */
void mmio_write(uint64_t address, unsigned size, uint64_t val)
{
	void *at = (void *)(uintptr_t)address;

	__asm__ volatile("" : : : "memory");
	switch (size) {
	case 1:
		*(volatile uint8_t *)at = (uint8_t)val;
		break;
	case 2:
		*(volatile uint16_t *)at = (uint16_t)val;
		break;
	case 4:
		*(volatile uint32_t *)at = (uint32_t)val;
		break;
	default:
		*(volatile uint64_t *)at = val;
	}
}
