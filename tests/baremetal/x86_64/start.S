/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The way to 64-bit mode, with the first 512 GiB mapped to themselves: of the boot CPU, which a
 * loader enters as the PVH note says (32-bit, flat, EBX: the start info), and of the other CPU,
 * which a SIPI enters in real mode at a page below 1 MiB.
 */
#define CR0_PE 0x1
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define EFER 0xc0000080
#define EFER_LME 0x100

#define PAGE_1G 0x83 /* present, writable, a page */
#define TABLE 0x03

#define CODE32 0x08
#define CODE64 0x10
#define DATA 0x18

#define TRAMPOLINE 0x8000

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad start

/* EBX is kept. */
.macro long_mode target
	movl $pml4, %eax
	movl %eax, %cr3
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $EFER, %ecx
	rdmsr
	orl $EFER_LME, %eax
	wrmsr
	movl %cr0, %eax
	orl $CR0_PG, %eax
	movl %eax, %cr0
	ljmpl $CODE64, $\target
.endm

.macro data_segments
	movw $DATA, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
.endm

	.section .text.start, "ax"
	.code32
	.globl start
start:
	cld
	lgdt gdt_pointer
	data_segments

	movl $pdpt + TABLE, pml4
	movl $pdpt, %edi
	xorl %ecx, %ecx
1:	movl %ecx, %eax		/* GiB number %ecx */
	shll $30, %eax
	orl $PAGE_1G, %eax
	movl %eax, (%edi)
	movl %ecx, %eax
	shrl $2, %eax
	movl %eax, 4(%edi)
	addl $8, %edi
	incl %ecx
	cmpl $512, %ecx
	jb 1b
	long_mode start64

	.code64
start64:
	movl $boot_stack_end, %esp
	movl %ebx, %edi
	call baremetal_main
1:	hlt
	jmp 1b

/* Copied to TRAMPOLINE. */
	.section .rodata
	.globl trampoline, trampoline_end
	.code16
trampoline:
	cli
	xorw %ax, %ax
	movw %ax, %ds
	lgdtl TRAMPOLINE + trampoline_gdt - trampoline
	movl %cr0, %eax
	orl $CR0_PE, %eax
	movl %eax, %cr0
	ljmpl $CODE32, $other32
trampoline_gdt:
	.word gdt_end - gdt - 1
	.long gdt
trampoline_end:

	.section .text
	.code32
other32:
	data_segments
	long_mode other64

	.code64
other64:
	movl $other_stack_end, %esp
	call other_cpu
1:	hlt
	jmp 1b

/* ---- Interrupts: a stub a vector, of 16 bytes ------------------------------------------------ */

	.balign 16
	.globl interrupt_stubs
interrupt_stubs:
	vector = 0
	.rept 32
	.balign 16
	/* Some exceptions come with a code; the others get one, so that all look alike. */
	.if !((0x60227d00 >> vector) & 1)
	pushq $0
	.endif
	pushq $vector
	jmp interrupt_common
	vector = vector + 1
	.endr
	.rept 224
	.balign 16
	pushq $0
	pushq $vector
	jmp interrupt_common
	vector = vector + 1
	.endr

interrupt_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	movq 72(%rsp), %rdi	/* the vector             */
	movq 88(%rsp), %rsi	/* where it was, and ...  */
	movq 80(%rsp), %rdx	/* ... an exception's code */
	cld
	call interrupt_taken
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq

	.section .data
	.balign 16
gdt:
	.quad 0
	.quad 0x00cf9a000000ffff
	.quad 0x00af9a000000ffff
	.quad 0x00cf92000000ffff
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt

	.section .bss
	.balign 4096
pml4:
	.skip 4096
pdpt:
	.skip 4096
	.skip 65536
boot_stack_end:
	.skip 65536
other_stack_end:

	.section .note.GNU-stack, "", @progbits
