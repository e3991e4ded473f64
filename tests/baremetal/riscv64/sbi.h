/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the SBI firmware does for us, and registers that C has no words for. */
#ifndef BAREMETAL_RISCV64_SBI_H
#define BAREMETAL_RISCV64_SBI_H

#include <stdint.h>

#define SBI_PUTCHAR 0x01      /* legacy */
#define SBI_HSM 0x48534du     /* harts: function 0 starts one */
#define SBI_RESET 0x53525354u /* function 0: type 0 is shutdown */

static inline long sbi(uint64_t extension, uint64_t function, uint64_t arg0, uint64_t arg1,
                       uint64_t arg2)
{
	register uint64_t a0 __asm__("a0") = arg0;
	register uint64_t a1 __asm__("a1") = arg1;
	register uint64_t a2 __asm__("a2") = arg2;
	register uint64_t a6 __asm__("a6") = function;
	register uint64_t a7 __asm__("a7") = extension;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (long)a0;
}

#define csr_read(csr)                                                                              \
	({                                                                                         \
		uint64_t csr_val_;                                                                 \
		__asm__ volatile("csrr %0, " #csr : "=r"(csr_val_) : : "memory");                  \
		csr_val_;                                                                          \
	})

#define csr_write(csr, val)                                                                        \
	__asm__ volatile("csrw " #csr ", %0" : : "r"((uint64_t)(val)) : "memory")

#define csr_set(csr, bits)                                                                         \
	__asm__ volatile("csrs " #csr ", %0" : : "r"((uint64_t)(bits)) : "memory")

#endif
