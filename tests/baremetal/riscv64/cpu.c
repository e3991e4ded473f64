/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Console, clock, device registers, and the end. */
#include "../machine.h"
#include "cpu.h"
#include "sbi.h"

static uint64_t tick_ns = 100;

void cpu_timebase(uint32_t hertz)
{
	tick_ns = UINT64_C(1000000000) / hertz;
}

void console_put(char c)
{
	(void)sbi(SBI_PUTCHAR, 0, (uint8_t)c, 0, 0);
}

void machine_stop(void)
{
	(void)sbi(SBI_RESET, 0, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

uint64_t clock_ns(void)
{
	uint64_t time;

	__asm__ volatile("rdtime %0" : "=r"(time) : : "memory");
	return time * tick_ns;
}

uint64_t mmio_read(uint64_t address, unsigned size)
{
	void *at = (void *)(uintptr_t)address;
	uint64_t val;

	switch (size) {
	case 1:
		val = *(volatile uint8_t *)at;
		break;
	case 2:
		val = *(volatile uint16_t *)at;
		break;
	case 4:
		val = *(volatile uint32_t *)at;
		break;
	default:
		val = *(volatile uint64_t *)at;
	}
	__asm__ volatile("fence i, r" : : : "memory");
	return val;
}

void mmio_write(uint64_t address, unsigned size, uint64_t val)
{
	void *at = (void *)(uintptr_t)address;

	__asm__ volatile("fence w, o" : : : "memory");
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
