/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What the files of the adapter share. */
#ifndef IOMMUX_QEMU_INTERNAL_H
#define IOMMUX_QEMU_INTERNAL_H

#include "adapter.h"
#include "qemu/iova-tree.h"

/* An idle port, with a lane of its own: whoever translates takes one. */
struct iommux_port {
	struct iom_lane *lane;
	struct iom_port *port;
	uint32_t requester;
	bool home; /* not of those that are idle */
	struct iommux_port *next;
};

struct iommux_function {
	struct iommux_adapter *adapter;
	PCIBus *bus; /* NULL: no PCI function, or one whose bus was unplugged */
	int devfn;
	PCIDevice *bridge; /* above the bus, or NULL: `requester` is fixed */
	uint32_t requester;

	IOMMUMemoryRegion iommu; /* what the function's DMA goes through                       */
	AddressSpace as;
	MemoryRegion trap; /* where it ends up if it is no access to memory: the unit does it */
	AddressSpace trap_as;

	/* The port of whoever holds the big lock, and whether it is at work: without a lock of its own. */
	struct iommux_port *home;
	bool away;

	IOVATree *
		told; /* to those who keep a copy of what is mapped; NULL: there are none; follow.c */

	QemuMutex lock; /* of `idle` */
	struct iommux_port *idle;

	/* Under the big lock. */
	iommux_listener *listener;
	void *listener_opaque;
	GArray *devices; /* those that listen by way of QEMU's core; NULL: there was none yet; ats.c */
	IOMMUNotifierFlag
		notified; /* what somebody wants to be told of; IOMMU_NOTIFIER_NONE: nobody */

	QLIST_ENTRY(iommux_function) next;
};

#define TYPE_IOMMUX_REGION "iommux-region"

/* memory.c: system memory, as the unit sees it. */
void iommux_memory_new(struct iommux_adapter *adapter);
void iommux_memory_end(struct iommux_adapter *adapter);
void iommux_memory_dirty(void *opaque, uint64_t spa, uint64_t len);

/* signals.c: interrupts that the unit sends. */
int iommux_signals_msi(void *opaque, uint64_t address, uint32_t data);
void iommux_signals_wire(void *opaque, unsigned wire, bool level);

/* function.c */
uint32_t iommux_function_requester(struct iommux_function *function);
struct iommux_function *iommux_function_find(struct iommux_adapter *adapter, uint32_t requester);
/* The page around an address, less 1: what is mapped as one. */
uint64_t iommux_function_page_mask(struct iommux_function *function, uint64_t iova);

AddressSpace *iommux_function_space(PCIBus *bus, void *adapter, int devfn);
/* A request of the function's. */
int iommux_function_ask(struct iommux_function *function, const struct iom_request *request,
                        struct iom_reply *reply);

/* ats.c, where QEMU has that; else function.c */
extern const PCIIOMMUOps iommux_pci_ops;
/* Who listens to the function's messages by way of QEMU's core. */
void iommux_ats_tell(struct iommux_function *function, const struct iom_message *message);

/* notify.c: who keeps translations is told when they are gone. */
void iommux_notify_start(struct iommux_adapter *adapter);
int iommux_notify_changed(IOMMUMemoryRegion *region, IOMMUNotifierFlag before,
                          IOMMUNotifierFlag after, Error **errp);
void iommux_notify_message(void *opaque, uint32_t requester, const struct iom_message *message);
/* One notifier hears of a piece, as far as it is interested in it; without permissions, that it is gone. */
void iommux_notify_range(IOMMUNotifier *notifier, const DMAMap *piece);

/* follow.c: who keeps a copy of what is mapped is told of each page that comes and goes. */
void iommux_follow_begin(struct iommux_function *function);
void iommux_follow_end(struct iommux_function *function);
/* Tells what has changed in a range of addresses. */
void iommux_follow(struct iommux_function *function, uint64_t first, uint64_t last);
/* For IOMMUMemoryRegionClass. */
void iommux_follow_replay(IOMMUMemoryRegion *region, IOMMUNotifier *notifier);

/* reset.c */
void iommux_reset_start(struct iommux_adapter *adapter);

/* trace.c: what the unit sees and does, in QEMU's trace events. */
bool iommux_trace_wanted(void);
void iommux_trace_start(struct iommux_adapter *adapter);

/* record.c: the same in a file, to be replayed (iommux_adapter_record); a sentence if that has come to an end. */
void iommux_record_check(struct iommux_adapter *adapter);
/* The device will not be: the file has no more than its beginning. */
void iommux_record_end(struct iommux_adapter *adapter);

#endif
