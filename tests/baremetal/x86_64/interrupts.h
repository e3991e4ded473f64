/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Tests of interrupts, and what they share. */
#ifndef BAREMETAL_X86_64_INTERRUPTS_H
#define BAREMETAL_X86_64_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

#define INTERRUPTS 256u /* that are remapped */

/* The driver, with remapping; false: the test is skipped, or has failed. */
bool remapping(void);

/* Gives a device an interrupt, and lets the device know it. */
bool own_interrupt(unsigned device, uint32_t *index);

/* Lets an interrupt go to this vector. */
int go_to(uint32_t index, unsigned cpu, unsigned vector);

/* The device signals, and this is what happens, and nothing else. */
bool signals_to(unsigned device, unsigned cpu, unsigned vector);
bool signals_nobody(unsigned device);

void interrupt_not_remapped(void);
void interrupt_arrives(void);
void interrupt_moves(void);
void interrupt_devices_have_their_own(void);
void interrupt_of_several(void);
void interrupt_not_set(void);
void interrupt_taken_back(void);
void interrupt_of_another_device(void);
void interrupt_beyond_the_table(void);
void interrupt_compatibility_format(void);
void interrupt_with_domains(void);
void interrupt_ioapic(void);
void interrupt_ioapic_source(void);
void interrupt_posted(void);
void interrupt_posted_again(void);

#endif
