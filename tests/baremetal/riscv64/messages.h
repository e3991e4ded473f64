/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Tests: devices' messages to interrupt files, and the IOMMU's wires. */
#ifndef BAREMETAL_RISCV64_MESSAGES_H
#define BAREMETAL_RISCV64_MESSAGES_H

void message_mapped(void);
void message_refused(void);
void message_guest(void);
void message_guest_refused(void);
void message_guest_address(void);
void message_in_memory(void);
void message_second_group(void);
void message_not_enabled(void);

void wires(void);

#endif
