/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Drives QEMU's "edu" device through VFIO, and has it do what it may and what it may not.
 *
 *	edu good DEVICE    DMA both ways, at low and at high addresses, and interrupts
 *	edu bad DEVICE     DMA that faults; a line each of the kernel's log tells the runner what the kernel
 *	                   should report: "@@ fault read|write DEVICE IOVA"
 *
 * DEVICE is a PCI address that vfio-pci is bound to: 0000:00:06.0.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/times.h>
#include <unistd.h>

#define PAGE 4096u
#define PATIENCE 20000 /* milliseconds */

/* edu's registers and its memory, in BAR 0 */
#define STATUS 0x24u
#define ACK 0x64u
#define SOURCE 0x80u
#define TARGET 0x88u
#define COUNT 0x90u
#define COMMAND 0x98u
#define MEMORY 0x40000u
#define START 1u
#define TO_RAM 2u
#define RAISE 4u
#define DMA_DONE 0x100u

struct edu {
	const char *name;
	int container, group, device, event;
	volatile uint32_t *bar;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static void call(int file, unsigned long request, void *argument, const char *what)
{
	if (ioctl(file, request, argument) < 0)
		fail("%s: %s", what, strerror(errno));
}

static void open_group(struct edu *edu)
{
	char link[PATH_MAX], target[PATH_MAX], path[32];
	struct vfio_group_status status = { .argsz = sizeof status };
	ssize_t length;

	snprintf(link, sizeof link, "/sys/bus/pci/devices/%s/iommu_group", edu->name);
	length = readlink(link, target, sizeof target - 1);
	if (length < 0)
		fail("%s: %s", link, strerror(errno));
	target[length] = 0;
	snprintf(path, sizeof path, "/dev/vfio/%d", atoi(strrchr(target, '/') + 1));
	edu->container = open("/dev/vfio/vfio", O_RDWR);
	edu->group = open(path, O_RDWR);
	if (edu->container < 0 || edu->group < 0)
		fail("/dev/vfio/vfio or %s: %s", path, strerror(errno));
	call(edu->group, VFIO_GROUP_GET_STATUS, &status, "VFIO_GROUP_GET_STATUS");
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		fail("%s is not viable: a device of it has another driver", path);
	call(edu->group, VFIO_GROUP_SET_CONTAINER, &edu->container, "VFIO_GROUP_SET_CONTAINER");
	call(edu->container, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU, "VFIO_SET_IOMMU");
}

static void open_device(struct edu *edu)
{
	struct vfio_region_info bar = { .argsz = sizeof bar, .index = VFIO_PCI_BAR0_REGION_INDEX };
	struct vfio_region_info config = { .argsz = sizeof config,
		                           .index = VFIO_PCI_CONFIG_REGION_INDEX };
	uint16_t command = 6; /* memory, bus master */
	void *window;

	edu->device = ioctl(edu->group, VFIO_GROUP_GET_DEVICE_FD, edu->name);
	if (edu->device < 0)
		fail("VFIO_GROUP_GET_DEVICE_FD: %s", strerror(errno));
	call(edu->device, VFIO_DEVICE_GET_REGION_INFO, &bar, "VFIO_DEVICE_GET_REGION_INFO");
	call(edu->device, VFIO_DEVICE_GET_REGION_INFO, &config, "VFIO_DEVICE_GET_REGION_INFO");
	if (pwrite(edu->device, &command, sizeof command, (off_t)config.offset + 4) !=
	    sizeof command)
		fail("command register: %s", strerror(errno));
	window = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, edu->device,
	              (off_t)bar.offset);
	if (window == MAP_FAILED)
		fail("BAR 0: %s", strerror(errno));
	edu->bar = window;
}

static void open_interrupt(struct edu *edu)
{
	struct {
		struct vfio_irq_set set;
		int event;
	} irq = { .set = { .argsz = sizeof irq,
		           .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		           .index = VFIO_PCI_MSI_IRQ_INDEX,
		           .count = 1 } };

	edu->event = eventfd(0, EFD_CLOEXEC);
	irq.event = edu->event;
	call(edu->device, VFIO_DEVICE_SET_IRQS, &irq, "VFIO_DEVICE_SET_IRQS");
}

static unsigned char *new_pages(size_t bytes)
{
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (pages == MAP_FAILED)
		fail("no memory");
	return pages;
}

static void map(struct edu *edu, uint64_t iova, void *memory, uint64_t bytes, uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = { .argsz = sizeof map,
		                                .flags = flags,
		                                .vaddr = (uintptr_t)memory,
		                                .iova = iova,
		                                .size = bytes };

	call(edu->container, VFIO_IOMMU_MAP_DMA, &map, "VFIO_IOMMU_MAP_DMA");
}

static void unmap(struct edu *edu, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof unmap,
		                                    .iova = iova,
		                                    .size = bytes };

	call(edu->container, VFIO_IOMMU_UNMAP_DMA, &unmap, "VFIO_IOMMU_UNMAP_DMA");
	if (unmap.size != bytes)
		fail("0x%llx bytes at 0x%llx should have been unmapped, and 0x%llx were",
		     (unsigned long long)bytes, (unsigned long long)iova,
		     (unsigned long long)unmap.size);
}

static void put64(struct edu *edu, unsigned offset, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar + offset / 4) = value;
}

/* DMA between the device's memory and an IOVA; the interrupt has to come. */
static void transfer(struct edu *edu, uint64_t iova, unsigned bytes, bool to_ram)
{
	struct pollfd poll_one = { .fd = edu->event, .events = POLLIN };
	uint64_t count;

	put64(edu, SOURCE, to_ram ? MEMORY : iova);
	put64(edu, TARGET, to_ram ? iova : MEMORY);
	put64(edu, COUNT, bytes);
	put64(edu, COMMAND, START | RAISE | (to_ram ? TO_RAM : 0));
	if (poll(&poll_one, 1, PATIENCE) != 1)
		fail("no interrupt within %d ms after DMA at 0x%llx", PATIENCE,
		     (unsigned long long)iova);
	if (read(edu->event, &count, sizeof count) != sizeof count || count != 1)
		fail("one interrupt should have come");
	if (edu->bar[STATUS / 4] != DMA_DONE)
		fail("the device's interrupt status should be 0x%x and is 0x%x", DMA_DONE,
		     (unsigned)edu->bar[STATUS / 4]);
	edu->bar[ACK / 4] = DMA_DONE;
}

static void fill(unsigned char *memory, unsigned seed)
{
	for (unsigned i = 0; i < PAGE; i++)
		memory[i] = (unsigned char)(i * 7 + (i >> 8) + seed);
}

static void expect(const unsigned char *memory, unsigned seed, const char *what)
{
	unsigned char right[PAGE];

	fill(right, seed);
	for (unsigned i = 0; i < PAGE; i++) {
		if (memory[i] != right[i])
			fail("%s: byte %u should be %02x and is %02x", what, i, right[i],
			     memory[i]);
	}
}

#define BOTH (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* One page of many goes through the device to another address; large pages and small ones. */
static void good(struct edu *edu)
{
	static const uint64_t iovas[] = { 0x1000, 0x40000000, 0x123456789000, 0x7fc0000000 };
	const size_t bytes = 0x400000;
	unsigned char *from = new_pages(PAGE), *to = new_pages(bytes);
	bool some = false;

	map(edu, 0x80000000, from, PAGE, VFIO_DMA_MAP_FLAG_READ);
	for (unsigned i = 0; i < sizeof iovas / sizeof *iovas; i++) {
		struct vfio_iommu_type1_dma_map map = { .argsz = sizeof map,
			                                .flags = BOTH,
			                                .vaddr = (uintptr_t)to,
			                                .iova = iovas[i],
			                                .size = bytes };

		/* Not every unit has addresses of 48 bits. */
		if (ioctl(edu->container, VFIO_IOMMU_MAP_DMA, &map))
			continue;
		some = true;
		fill(from, i);
		transfer(edu, 0x80000000, PAGE, false);
		transfer(edu, iovas[i] + bytes / 2 + PAGE, PAGE, true);
		expect(to + bytes / 2 + PAGE, i, "what came back");
		unmap(edu, iovas[i], bytes);
	}
	if (!some)
		fail("VFIO_IOMMU_MAP_DMA: %s", strerror(errno));
	unmap(edu, 0x80000000, PAGE);
}

static void bad_one(struct edu *edu, uint64_t iova, bool to_ram)
{
	FILE *log = fopen("/dev/kmsg", "w");

	if (log) {
		fprintf(log, "@@ fault %s %s 0x%llx\n", to_ram ? "write" : "read", edu->name,
		        (unsigned long long)iova);
		fclose(log);
	}
	/* QEMU cuts an access that faults into pieces of this size, and each is a fault. */
	transfer(edu, iova, 4, to_ram);
}

/* By the kernel's ticks, which get lost where the host is busy. */
static void wait_ticks(int seconds)
{
	clock_t until = times(NULL) + seconds * sysconf(_SC_CLK_TCK);

	while (times(NULL) < until)
		usleep(10000);
}

/*
 * What was never mapped, what is mapped for reading only, and what was mapped until now.  The kernel
 * shows no more than three faults in five seconds of its own count.
 */
static void bad(struct edu *edu)
{
	unsigned char *memory = new_pages(PAGE);

	fill(memory, 3);
	map(edu, 0x40000000, memory, PAGE, VFIO_DMA_MAP_FLAG_READ);
	map(edu, 0x50000000, memory, PAGE, BOTH);
	transfer(edu, 0x40000000, PAGE, false);
	bad_one(edu, 0x40000000, true);
	bad_one(edu, 0x60001000, false);
	bad_one(edu, 0x60002000, true);
	/* What a device gets when it may not read is its own business. */
	transfer(edu, 0x40000000, PAGE, false);
	transfer(edu, 0x50000000, PAGE, true);
	expect(memory, 3, "what faults may not change");
	unmap(edu, 0x50000000, PAGE);
	wait_ticks(6);
	bad_one(edu, 0x50000000, true);
	bad_one(edu, 0x50000000, false);
	expect(memory, 3, "what faults may not change");
}

int main(int argc, char **argv)
{
	struct edu edu = { .name = argc == 3 ? argv[2] : NULL };

	if (!edu.name || (strcmp(argv[1], "good") && strcmp(argv[1], "bad")))
		fail("usage: edu good|bad DEVICE");
	open_group(&edu);
	open_device(&edu);
	open_interrupt(&edu);
	if (!strcmp(argv[1], "good"))
		good(&edu);
	else
		bad(&edu);
	return 0;
}
