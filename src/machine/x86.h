/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Interrupts of an x86 machine: a local APIC for each CPU, and one I/O APIC. */
#ifndef MACHINE_X86_H
#define MACHINE_X86_H

#include "machine/apic.h"
#include "machine/interrupts.h"
#include "machine/ioapic.h"

/* machine.controller, in such a machine */
struct x86_controller {
	struct apic apic;
	struct ioapic ioapic;
};

/* Virtual CPUs with posted interrupts (vm_posted.c). */
extern const struct vcpu_ops posted_ops;

#endif
