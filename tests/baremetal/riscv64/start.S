/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Entered by the SBI firmware in supervisor mode, without paging: the boot hart with a0 its number,
 * a1 the device tree; the other one when the first asks for it.
 */
	.section .text.start, "ax"
	.globl start, other_start, boot_stack_end
start:
	la sp, boot_stack_end
	la t0, boot_hart
	sd a0, (t0)
	la t0, trap
	csrw stvec, t0
	mv a0, a1
	call baremetal_main
1:	wfi
	j 1b

other_start:
	la sp, other_stack_end
	la t0, trap
	csrw stvec, t0
	call other_cpu
1:	wfi
	j 1b

	.balign 4
trap:
	addi sp, sp, -128
	sd ra, 0(sp)
	sd t0, 8(sp)
	sd t1, 16(sp)
	sd t2, 24(sp)
	sd t3, 32(sp)
	sd t4, 40(sp)
	sd t5, 48(sp)
	sd t6, 56(sp)
	sd a0, 64(sp)
	sd a1, 72(sp)
	sd a2, 80(sp)
	sd a3, 88(sp)
	sd a4, 96(sp)
	sd a5, 104(sp)
	sd a6, 112(sp)
	sd a7, 120(sp)
	csrr a0, scause
	csrr a1, sepc
	csrr a2, stval
	call trap_taken
	ld ra, 0(sp)
	ld t0, 8(sp)
	ld t1, 16(sp)
	ld t2, 24(sp)
	ld t3, 32(sp)
	ld t4, 40(sp)
	ld t5, 48(sp)
	ld t6, 56(sp)
	ld a0, 64(sp)
	ld a1, 72(sp)
	ld a2, 80(sp)
	ld a3, 88(sp)
	ld a4, 96(sp)
	ld a5, 104(sp)
	ld a6, 112(sp)
	ld a7, 120(sp)
	addi sp, sp, 128
	sret

	.section .data
	.balign 8
	.globl boot_hart
boot_hart:
	.dword 0

	.section .bss
	.balign 16
	.skip 65536
boot_stack_end:
	.skip 65536
other_stack_end:

	.section .note.GNU-stack, "", @progbits
