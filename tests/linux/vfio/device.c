/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Devices in the hands of user space, by VFIO's groups and by iommufd. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/iommufd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio_test.h"

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		tap_bail("cannot write '%s' to %s: %m", text, path);
	close(fd);
}

/* The last name of what a link or a pattern leads to. */
static void last_name(const char *pattern, char *name, size_t size)
{
	char target[256];
	glob_t found;
	ssize_t length;

	if (glob(pattern, 0, NULL, &found) != 0)
		tap_bail("%s is not there", pattern);
	length = readlink(found.gl_pathv[0], target, sizeof target - 1);
	if (length < 0 || strstr(pattern, "vfio-dev"))
		length = snprintf(target, sizeof target, "%s", found.gl_pathv[0]);
	target[length] = 0;
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
	globfree(&found);
}

static void take(const char *address)
{
	char path[128];

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/driver_override", address);
	put(path, "vfio-pci");
	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/driver/unbind", address);
	if (access(path, F_OK) == 0)
		put(path, address);
	put("/sys/bus/pci/drivers_probe", address);
}

static int type1_map(struct space *space, uint64_t iova, void *memory, uint64_t bytes, unsigned how)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof map,
		.flags = (how & READ ? VFIO_DMA_MAP_FLAG_READ : 0u) |
		         (how & WRITE ? VFIO_DMA_MAP_FLAG_WRITE : 0u),
		.vaddr = (uintptr_t)memory,
		.iova = iova,
		.size = bytes,
	};

	return ioctl((int)space->id, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int type1_unmap(struct space *space, uint64_t iova, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof unmap,
		.iova = iova,
		.size = bytes,
	};

	if (ioctl((int)space->id, VFIO_IOMMU_UNMAP_DMA, &unmap))
		return -errno;
	return unmap.size == bytes ? 0 : -ENOENT;
}

static void type1_windows(struct space *space)
{
	uint64_t room[128] = { 0 };
	struct vfio_iommu_type1_info *info = (void *)room;

	info->argsz = sizeof room;
	if (ioctl((int)space->id, VFIO_IOMMU_GET_INFO, info))
		tap_bail("VFIO_IOMMU_GET_INFO: %m");
	for (uint32_t at = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0; at;) {
		struct vfio_iommu_type1_info_cap_iova_range *cap = (void *)((char *)room + at);

		if (cap->header.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
			for (uint32_t i = 0; i < cap->nr_iovas && i < 16; i++)
				space->windows[space->window_count++] =
					(struct window){ cap->iova_ranges[i].start,
					                 cap->iova_ranges[i].end };
		}
		at = cap->header.next;
	}
}

static void open_by_group(struct device *device)
{
	char path[128], name[64];
	int group;

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/iommu_group", device->address);
	last_name(path, name, sizeof name);
	snprintf(path, sizeof path, "/dev/vfio/%s", name);
	group = open(path, O_RDWR);
	device->container = open("/dev/vfio/vfio", O_RDWR);
	if (group < 0 || device->container < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, &device->container) ||
	    ioctl(device->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		tap_bail("no container with %s: %m", path);
	device->space = (struct space){
		type1_map, type1_unmap, (uint32_t)device->container, { { 0, 0 } }, 0
	};
	type1_windows(&device->space);
	device->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, device->address);
	if (device->fd < 0)
		tap_bail("no device %s in %s: %m", device->address, path);
}

static int iommufd_map(struct space *space, uint64_t iova, void *memory, uint64_t bytes,
                       unsigned how)
{
	struct iommu_ioas_map map = {
		.size = sizeof map,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | (how & READ ? IOMMU_IOAS_MAP_READABLE : 0u) |
		         (how & WRITE ? IOMMU_IOAS_MAP_WRITEABLE : 0u),
		.ioas_id = space->id,
		.user_va = (uintptr_t)memory,
		.length = bytes,
		.iova = iova,
	};

	return ioctl(device.container, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

static int iommufd_unmap(struct space *space, uint64_t iova, uint64_t bytes)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof unmap,
		.ioas_id = space->id,
		.iova = iova,
		.length = bytes,
	};

	return ioctl(device.container, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}

int space_new(struct device *of, struct space *space)
{
	struct iommu_ioas_alloc new = { .size = sizeof new };

	if (ioctl(of->container, IOMMU_IOAS_ALLOC, &new))
		return -errno;
	*space = (struct space){ iommufd_map, iommufd_unmap, new.out_ioas_id, { { 0, 0 } }, 0 };
	return 0;
}

int space_free(struct device *of, struct space *space)
{
	struct iommu_destroy destroy = { .size = sizeof destroy, .id = space->id };

	return ioctl(of->container, IOMMU_DESTROY, &destroy) ? -errno : 0;
}

int device_attach(struct device *of, uint32_t table)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof attach, .pt_id = table };

	return ioctl(of->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? -errno : 0;
}

uint64_t device_ecap(struct device *of)
{
	struct iommu_hw_info_vtd unit = { 0 };
	struct iommu_hw_info get = {
		.size = sizeof get,
		.dev_id = of->id,
		.data_len = sizeof unit,
		.data_uptr = (uintptr_t)&unit,
	};

	if (ioctl(of->container, IOMMU_GET_HW_INFO, &get) ||
	    get.out_data_type != IOMMU_HW_INFO_TYPE_INTEL_VTD)
		tap_bail("%s has no VT-d unit: %m", of->address);
	return unit.ecap_reg;
}

int device_detach(struct device *of)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof detach };

	return ioctl(of->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach) ? -errno : 0;
}

static void iommufd_windows(struct device *of)
{
	struct iommu_iova_range found[16];
	struct iommu_ioas_iova_ranges ranges = {
		.size = sizeof ranges,
		.ioas_id = of->space.id,
		.num_iovas = 16,
		.allowed_iovas = (uintptr_t)found,
	};

	if (ioctl(of->container, IOMMU_IOAS_IOVA_RANGES, &ranges))
		tap_bail("IOMMU_IOAS_IOVA_RANGES: %m");
	for (uint32_t i = 0; i < ranges.num_iovas; i++)
		of->space.windows[of->space.window_count++] =
			(struct window){ found[i].start, found[i].last };
}

static void open_by_file(struct device *of)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof bind };
	char path[128], name[64];
	int error;

	snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/vfio-dev/vfio*", of->address);
	last_name(path, name, sizeof name);
	snprintf(path, sizeof path, "/dev/vfio/devices/%s", name);
	of->fd = open(path, O_RDWR);
	of->container = open("/dev/iommu", O_RDWR);
	bind.iommufd = of->container;
	if (of->fd < 0 || of->container < 0 || ioctl(of->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		tap_bail("%s cannot be bound to /dev/iommu: %m", path);
	of->id = bind.out_devid;
	error = space_new(of, &of->space);
	if (!error)
		error = device_attach(of, of->space.id);
	if (error)
		tap_bail("%s cannot be attached to an address space: %s", path, strerror(-error));
	iommufd_windows(of);
}

void device_open(struct device *of, const char *address, bool iommufd)
{
	struct vfio_region_info region = { .argsz = sizeof region,
		                           .index = VFIO_PCI_BAR0_REGION_INDEX };
	void *registers;

	snprintf(of->address, sizeof of->address, "%s", address);
	of->iommufd = iommufd;
	take(address);
	if (iommufd)
		open_by_file(of);
	else
		open_by_group(of);
	if (ioctl(of->fd, VFIO_DEVICE_GET_REGION_INFO, &region))
		tap_bail("%s has no BAR 0: %m", address);
	registers = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, of->fd,
	                 (off_t)region.offset);
	if (registers == MAP_FAILED)
		tap_bail("BAR 0 of %s cannot be mapped: %m", address);
	of->registers = registers;
	region.index = VFIO_PCI_CONFIG_REGION_INDEX;
	if (ioctl(of->fd, VFIO_DEVICE_GET_REGION_INFO, &region))
		tap_bail("%s has no configuration space: %m", address);
	of->config = region.offset;
	device_master(of, true);
}

void device_master(struct device *of, bool on)
{
	uint16_t command = PCI_COMMAND_MEMORY | (on ? PCI_COMMAND_MASTER : 0);

	if (pwrite(of->fd, &command, 2, (off_t)(of->config + PCI_COMMAND)) != 2)
		tap_bail("the command register of %s cannot be written: %m", of->address);
}

int device_interrupts(struct device *of, int *events, unsigned count)
{
	size_t bytes = sizeof(struct vfio_irq_set) + count * sizeof *events;
	struct vfio_irq_set *set = calloc(1, bytes);
	int error;

	*set = (struct vfio_irq_set){
		.argsz = (uint32_t)bytes,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = count,
	};
	memcpy(set->data, events, count * sizeof *events);
	error = ioctl(of->fd, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
	free(set);
	return error;
}
