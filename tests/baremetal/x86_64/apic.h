/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
#ifndef BAREMETAL_X86_64_APIC_H
#define BAREMETAL_X86_64_APIC_H

#include <stdint.h>

/* Exceptions are told instead of resetting the machine. */
void apic_exceptions(void);

uint32_t apic_id(unsigned cpu);

#endif
