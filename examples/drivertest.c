/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A driver in a unit test: the model stands under it, and a device tries what the driver mapped.
 * A driver that maps wrongly fails.
 */
#include <iommux/iommux.h>
#include <iommux/os.h>

#include <stdio.h>
#include <string.h>

#include "testbed.h"

/* The code under test: give `device` `pages` pages of RAM, in a row from `iova` on. */
typedef int map_function(struct iom_domain *domain, uint64_t iova, const uint64_t *page, int pages);

static int good_map(struct iom_domain *domain, uint64_t iova, const uint64_t *page, int pages)
{
	int result = 0;

	for (int i = 0; i < pages && !result; i++)
		result = iom_domain_map(domain, iova + 4096u * i, page[i], 4096,
		                        IOM_PROT_READ | IOM_PROT_WRITE);
	return result;
}

/* Trusts that pages which come one after the other lie one after the other. */
static int bad_map(struct iom_domain *domain, uint64_t iova, const uint64_t *page, int pages)
{
	return iom_domain_map(domain, iova, page[0], 4096u * pages, IOM_PROT_READ | IOM_PROT_WRITE);
}

/* 0 if what the device writes through the mapping arrives in the pages that it was meant for. */
static int test(map_function *map)
{
	const uint64_t page[] = { RAM + 0x9000, RAM + 0x3000, RAM + 0x7000 };
	const struct iom_request request = { .iova = 0x100000 };
	struct testbed *bed = testbed_new();
	struct iom_domain *domain;
	struct iom_reply reply;
	char data[3][4096];
	int wrong;

	for (int i = 0; i < 3; i++)
		memset(data[i], 'a' + i, 4096);
	wrong = iom_domain_new(bed->driver, IOM_DOMAIN_STAGE1, &domain, NULL) ||
	        map(domain, request.iova, page, 3) || iom_domain_attach(domain, DEVICE) ||
	        iom_write(bed->port, &request, data, sizeof data, &reply);
	for (int i = 0; i < 3 && !wrong; i++)
		wrong = memcmp(testbed_ram(bed, page[i]), data[i], 4096) != 0;
	iom_domain_detach(domain, DEVICE);
	iom_domain_free(domain);
	testbed_free(bed);
	return wrong;
}

int main(void)
{
	int good = test(good_map), bad = test(bad_map);

	printf("good driver: %s\nbad driver:  %s\n", good ? "FAILS" : "passes",
	       bad ? "FAILS" : "passes");
	return good || !bad;
}
