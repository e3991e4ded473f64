/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Writing a RIMT.  Only what could not even be written is refused here; whether the table makes sense
 * is asked of the reader.
 */
#include "platform/rimt.h"

#include <string.h>

#include "base/error.h"

#define WIRE_FLAGS (IOM_RIMT_WIRE_LEVEL | IOM_RIMT_WIRE_HIGH)
#define IOMMU_FLAGS (IOM_RIMT_IOMMU_PCIE | IOM_RIMT_IOMMU_PROXIMITY)
#define MAP_FLAGS (IOM_RIMT_MAP_ATS | IOM_RIMT_MAP_PRI)
#define ROOT_FLAGS (IOM_RIMT_ROOT_ATS | IOM_RIMT_ROOT_PRI)

struct build {
	const struct iom_rimt *rimt;
	struct acpi_out out;
	uint32_t id; /* of the next node */
	struct iom_error *error;
};

static size_t iommu_bytes(const struct iom_rimt_iommu *iommu)
{
	return RIMT_IOMMU_BYTES + (size_t)iommu->wire_count * RIMT_WIRE_BYTES;
}

static uint32_t iommu_offset(const struct iom_rimt *rimt, uint16_t index)
{
	size_t at = RIMT_FIXED_BYTES;

	for (uint16_t i = 0; i < index; i++)
		at += iommu_bytes(&rimt->iommus[i]);
	return (uint32_t)at;
}

static int no_array(struct build *b, const char *what)
{
	return iom_fail(b->error, IOM_EINVAL, "node %u has a number of %s, but no array of them",
	                b->id, what);
}

static int no_flags(struct build *b, uint32_t flags, const char *what)
{
	return iom_fail(b->error, IOM_EINVAL,
	                "the flags of %s node %u are 0x%llx; there are only bits 0 and 1", what,
	                b->id, (unsigned long long)flags);
}

static int put_head(struct build *b, enum rimt_type type, size_t bytes)
{
	if (bytes > UINT16_MAX)
		return iom_fail(b->error, IOM_EINVAL,
		                "node %u would take %llu bytes; it should be at most 65535", b->id,
		                (unsigned long long)bytes);
	acpi_put(&b->out, type, 1);
	acpi_put(&b->out, 1, 1);
	acpi_put(&b->out, bytes, 2);
	acpi_put(&b->out, 0, 2);
	acpi_put(&b->out, b->id++, 2);
	return IOM_OK;
}

static int put_iommu(struct build *b, const struct iom_rimt_iommu *iommu)
{
	static const char platform[8] = { 'R', 'S', 'C', 'V', '0', '0', '0', '4' };
	static const char nothing[8];
	const char *hid = iommu->hardware_id;
	int r;

	if (!(iommu->flags & IOM_RIMT_IOMMU_PCIE) && !memcmp(hid, nothing, sizeof nothing))
		hid = platform;
	if (iommu->flags & ~IOMMU_FLAGS)
		return no_flags(b, iommu->flags, "IOMMU");
	if (iommu->wire_count && !iommu->wires)
		return no_array(b, "wires");
	for (unsigned i = 0; i < iommu->wire_count; i++) {
		if (iommu->wires[i].flags & ~WIRE_FLAGS)
			return no_flags(b, iommu->wires[i].flags, "a wire of");
	}
	if ((r = put_head(b, RIMT_IOMMU, iommu_bytes(iommu))))
		return r;
	acpi_put_bytes(&b->out, hid, sizeof platform);
	acpi_put(&b->out, iommu->base, 8);
	acpi_put(&b->out, iommu->flags, 4);
	acpi_put(&b->out, iommu->proximity, 4);
	acpi_put(&b->out, iommu->segment, 2);
	acpi_put(&b->out, iommu->bdf, 2);
	acpi_put(&b->out, iommu->wire_count, 2);
	acpi_put(&b->out, RIMT_IOMMU_BYTES, 2);
	for (unsigned i = 0; i < iommu->wire_count; i++) {
		acpi_put(&b->out, iommu->wires[i].gsi, 4);
		acpi_put(&b->out, iommu->wires[i].flags, 4);
	}
	return IOM_OK;
}

/* Before the node is begun: may these ranges be written at all? */
static int check_maps(struct build *b, const struct iom_rimt_map *maps, unsigned count)
{
	if (count && !maps)
		return no_array(b, "ranges");
	for (unsigned i = 0; i < count; i++) {
		if (maps[i].iommu >= b->rimt->iommu_count)
			return iom_fail(b->error, IOM_EINVAL,
			                "range %u of node %u leads to IOMMU %u; there are %llu", i,
			                b->id, maps[i].iommu,
			                (unsigned long long)b->rimt->iommu_count);
		if (maps[i].flags & ~MAP_FLAGS)
			return no_flags(b, maps[i].flags, "a range of");
	}
	return IOM_OK;
}

static void put_maps(struct build *b, const struct iom_rimt_map *maps, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		acpi_put(&b->out, maps[i].source, 4);
		acpi_put(&b->out, maps[i].count, 4);
		acpi_put(&b->out, maps[i].device_id, 4);
		acpi_put(&b->out, iommu_offset(b->rimt, maps[i].iommu), 4);
		acpi_put(&b->out, maps[i].flags, 4);
	}
}

static int put_root(struct build *b, const struct iom_rimt_root *root)
{
	int r;

	if (root->flags & ~ROOT_FLAGS)
		return no_flags(b, root->flags, "root complex");
	if ((r = check_maps(b, root->maps, root->map_count)) ||
	    (r = put_head(b, RIMT_ROOT,
	                  RIMT_ROOT_BYTES + (size_t)root->map_count * RIMT_MAP_BYTES)))
		return r;
	acpi_put(&b->out, root->flags, 4);
	acpi_put(&b->out, 0, 2);
	acpi_put(&b->out, root->segment, 2);
	acpi_put(&b->out, RIMT_ROOT_BYTES, 2);
	acpi_put(&b->out, root->map_count, 2);
	put_maps(b, root->maps, root->map_count);
	return IOM_OK;
}

/* With its NUL; a name that is too long for any node counts as just that. */
static size_t name_bytes(const char *name)
{
	size_t n = 0;

	while (n < UINT16_MAX && name[n])
		n++;
	return n + 1;
}

static int put_device(struct build *b, const struct iom_rimt_device *device)
{
	size_t name, maps_at;
	int r;

	if (!device->name || !*device->name)
		return iom_fail(b->error, IOM_EINVAL, "platform device node %u has no name", b->id);
	name = name_bytes(device->name);
	maps_at = (RIMT_DEVICE_NAME + name + 3) / 4 * 4;
	if ((r = check_maps(b, device->maps, device->map_count)) ||
	    (r = put_head(b, RIMT_DEVICE, maps_at + (size_t)device->map_count * RIMT_MAP_BYTES)))
		return r;
	acpi_put(&b->out, maps_at, 2);
	acpi_put(&b->out, device->map_count, 2);
	acpi_put_bytes(&b->out, device->name, name);
	acpi_put_zeroes(&b->out, maps_at - RIMT_DEVICE_NAME - name);
	put_maps(b, device->maps, device->map_count);
	return IOM_OK;
}

static int put_nodes(struct build *b)
{
	const struct iom_rimt *rimt = b->rimt;
	int r = IOM_OK;

	for (size_t i = 0; i < rimt->iommu_count && !r; i++)
		r = put_iommu(b, &rimt->iommus[i]);
	for (size_t i = 0; i < rimt->root_count && !r; i++)
		r = put_root(b, &rimt->roots[i]);
	for (size_t i = 0; i < rimt->device_count && !r; i++)
		r = put_device(b, &rimt->devices[i]);
	return r;
}

/* So few that sums of lengths cannot overflow. */
static bool counts_ok(const struct iom_rimt *rimt)
{
	const size_t most = IOM_RIMT_BYTES_MAX / RIMT_HEAD_BYTES;

	return rimt->iommu_count <= most && rimt->root_count <= most &&
	       rimt->device_count <= most && (rimt->iommus || !rimt->iommu_count) &&
	       (rimt->roots || !rimt->root_count) && (rimt->devices || !rimt->device_count);
}

int iom_rimt_build(const struct iom_rimt *rimt, void *buf, size_t size, size_t *bytes,
                   struct iom_error *error)
{
	struct build b = { rimt, { buf, buf ? size : 0, 0 }, 0, error };
	struct iom_rimt_table table;
	int r;

	if (!rimt || rimt->bytes != sizeof *rimt || !bytes)
		return iom_fail(error, IOM_EINVAL,
		                "rimt.bytes should be the size of struct iom_rimt, and there "
		                "should "
		                "be a place for the length");
	if (!counts_ok(rimt))
		return iom_fail(error, IOM_EINVAL,
		                "a RIMT holds at most %u bytes of nodes, and each count has its "
		                "array",
		                IOM_RIMT_BYTES_MAX);
	if ((r = acpi_begin(&b.out, RIMT_SIGNATURE, RIMT_TABLE_REVISION, &rimt->ids, error)))
		return r;
	acpi_put(&b.out, rimt->iommu_count + rimt->root_count + rimt->device_count, 4);
	acpi_put(&b.out, RIMT_FIXED_BYTES, 4);
	acpi_put(&b.out, 0, 4);
	if ((r = put_nodes(&b)))
		return r;
	if (b.out.at > IOM_RIMT_BYTES_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "the table would take %llu bytes; it should be at most %u",
		                (unsigned long long)b.out.at, IOM_RIMT_BYTES_MAX);
	*bytes = b.out.at;
	if (acpi_finish(&b.out))
		return iom_fail(error, IOM_ENOSPC, "the table takes %llu bytes; there are %llu",
		                (unsigned long long)b.out.at, (unsigned long long)b.out.size);
	return iom_rimt_open(buf, b.out.at, &table, error);
}
