/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Devices that can do more than plain accesses, and which domains they use.  Other devices have no
 * record here, and cost nothing.
 */
#ifndef OS_DEVICE_H
#define OS_DEVICE_H

#include <iommux/os.h>

#include "os/requesters.h"

/* A device uses a domain: for one PASID, or for requests without one. */
struct iom_link {
	struct iom_domain *domain; /* NULL: none now */
	struct iom_device *device;
	struct iom_link *next, **back; /* in the domain's list */
	uint32_t pasid;                /* 0: requests without one */
};

struct iom_device {
	struct iom_link plain;           /* for requests without PASID          */
	struct iom_requesters processes; /* the other links, by PASID           */
	void *table;                     /* the driver's table of its processes */
	uint64_t table_phys;
	uint32_t requester;
	uint32_t abilities; /* IOM_DEVICE_*; all that hardware may still believe */
};

/* The record of a requester, or NULL. */
struct iom_device *iom_device_find(struct iom_driver *driver, uint32_t requester);

void iom_link_in(struct iom_link *link, struct iom_domain *domain);
void iom_link_out(struct iom_link *link);

/* Frees the records of all devices; what drivers keep in them is freed before. */
void iom_devices_free(struct iom_driver *driver);

#endif
