/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Drivers in a unit test: the model stands under them, and a device tries what they mapped and what
 * they took back.  A driver that maps wrongly fails, and so does one that forgets to invalidate.
 */
#include <iommux/iommux.h>
#include <iommux/os.h>

#include <stdio.h>
#include <string.h>

#include "testbed.h"

#define IOVA 0x100000
#define RIGHTS (IOM_PROT_READ | IOM_PROT_WRITE)

static const uint64_t page[] = { RAM + 0x9000, RAM + 0x3000 };

/* The code under test: shows a device two pages in a row; after an unmap, tells the IOMMU. */
struct driver {
	const char *name;
	int (*map)(struct iom_domain *domain);
	int (*sync)(struct iom_domain *domain, struct iom_gather *gather);
};

static int map_each(struct iom_domain *domain)
{
	return iom_domain_map(domain, IOVA, page[0], 4096, RIGHTS) ||
	       iom_domain_map(domain, IOVA + 4096, page[1], 4096, RIGHTS);
}

/* Trusts that pages which come one after the other lie one after the other. */
static int map_first(struct iom_domain *domain)
{
	return iom_domain_map(domain, IOVA, page[0], 2 * 4096, RIGHTS);
}

/* Trusts that hardware looks at the page table each time. */
static int forget(struct iom_domain *domain, struct iom_gather *gather)
{
	(void)domain, (void)gather;
	return 0;
}

/* Not 0 if a device's write goes astray, or still goes anywhere once the pages were taken back. */
static int test(const struct driver *driver)
{
	const struct iom_request request = { .iova = IOVA };
	struct testbed *bed = testbed_new();
	struct iom_gather gather = { 0 };
	struct iom_domain *domain;
	struct iom_reply reply;
	char data[2][4096];
	int wrong;

	memset(data[0], 'a', 4096);
	memset(data[1], 'b', 4096);
	wrong = iom_domain_new(bed->driver, IOM_DOMAIN_STAGE1, &domain, NULL) ||
	        driver->map(domain) || iom_domain_attach(domain, DEVICE) ||
	        iom_write(bed->port, &request, data, sizeof data, &reply) ||
	        memcmp(testbed_ram(bed, page[0]), data[0], 4096) ||
	        memcmp(testbed_ram(bed, page[1]), data[1], 4096) ||
	        iom_domain_unmap(domain, IOVA, 2 * 4096, &gather) ||
	        driver->sync(domain, &gather) ||
	        !iom_write(bed->port, &request, data, sizeof data, &reply);
	iom_domain_detach(domain, DEVICE);
	iom_domain_free(domain);
	testbed_free(bed);
	return wrong;
}

int main(void)
{
	static const struct driver drivers[] = {
		{ "good driver", map_each, iom_domain_sync },
		{ "driver that maps wrongly", map_first, iom_domain_sync },
		{ "driver that invalidates nothing", map_each, forget },
	};
	int surprises = 0;

	for (int i = 0; i < 3; i++) {
		int wrong = test(&drivers[i]);

		printf("%s: %s\n", drivers[i].name, wrong ? "FAILS" : "passes");
		surprises += wrong != (i > 0); /* the first alone is good */
	}
	return surprises;
}
