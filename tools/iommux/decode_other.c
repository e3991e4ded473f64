/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* virtio-iommu; IOMMUs of single makers; what all IOMMUs' messages have beside them. */
#include <string.h>

#include "decode.h"

/* ---- virtio-iommu */

static const struct decode_format virtio_formats[] = {
	{ "domain fault from EP", KIND_DMA, CLASS_ABSENT, PREFIX_UNIT,
	  .what = "the endpoint is attached to no domain" },
	{ "page fault from EP", KIND_DMA, CLASS_UNMAPPED, PREFIX_UNIT,
	  .what = "no mapping, or no permission" },
	{ "unknown fault from EP", KIND_DMA, CLASS_UNMAPPED, PREFIX_UNIT,
	  .what = "a fault for no reason that is known" },
};

static const struct decode_rule virtio_rules[] = {
	{ "from EP", FIELD_ENDPOINT, SYNTAX_AUTO, 0 },
	{ "at 0x", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "[R", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "[W", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "[X", FIELD_ACCESS, SYNTAX_IS, ACCESS_EXECUTE },
	/* "Fault reporting": the reason */
	{ "unknown fault", FIELD_CODE, SYNTAX_IS, 0 },
	{ "domain fault", FIELD_CODE, SYNTAX_IS, 1 },
	{ "page fault", FIELD_CODE, SYNTAX_IS, 2 },
};

const struct decode_arch decode_virtio = {
	.name = "virtio",
	.title = "virtio-iommu",
	.formats = virtio_formats,
	.format_count = sizeof virtio_formats / sizeof virtio_formats[0],
	.rules = virtio_rules,
	.rule_count = sizeof virtio_rules / sizeof virtio_rules[0],
};

/* ---- All others */

static bool is_mediatek(const char *text)
{
	return decode_find(text, "mtk", false) && decode_find(text, "fault type=", true);
}

static bool is_viable(const char *text)
{
	return decode_find(text, "group", true) && decode_find(text, "is not viable", true);
}

static bool is_map(const char *text)
{
	return decode_find(text, "ops->map failed", true) ||
	       decode_find(text, "iommu_map(iova", true) ||
	       decode_find(text, "iommu: unaligned:", true);
}

/* Of these messages, or of Xen's all together */
static bool is_suppressed(const char *text)
{
	if (decode_find(text, "printk: ", true))
		return decode_find(text, "messages suppressed", true);
	return decode_find(text, "callbacks suppressed", true) &&
	       (decode_find(text, "dmar_", true) || decode_find(text, "iommu", false) ||
	        decode_find(text, "smmu", false));
}

static const struct decode_format formats[] = {
	{ .is = is_mediatek,
	  .kind = KIND_DMA,
	  .class = CLASS_UNMAPPED,
	  .wanted = FIELD_BIT(FIELD_ADDRESS),
	  .what = "the request was refused" },
	{ "Unhandled fault: status", KIND_DMA, CLASS_UNMAPPED, PREFIX_UNIT,
	  .wanted = FIELD_BIT(FIELD_ADDRESS), .what = "the request was refused" },
	{ .is = is_map,
	  .kind = KIND_SOFTWARE,
	  .class = CLASS_MAP,
	  .what = "a range could not be mapped" },
	{ "swiotlb buffer is full", KIND_SOFTWARE, CLASS_BOUNCE, PREFIX_REQUESTER,
	  .what = "no bounce buffer is left" },
	{ "Failed to add to iommu group", KIND_SOFTWARE, CLASS_GROUP, PREFIX_REQUESTER,
	  .what = "the device is in no IOMMU group, and gets no translation" },
	{ .is = is_viable,
	  .kind = KIND_SOFTWARE,
	  .class = CLASS_VIABLE,
	  .what = "the group cannot be assigned" },
	{ .is = is_suppressed,
	  .kind = KIND_LOST,
	  .class = CLASS_NONE,
	  .what = "messages that were not written" },
};

static const struct decode_rule rules[] = {
	{ "iova=", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "iova ", FIELD_ADDRESS, SYNTAX_HEX, 0 },
	{ "pa=", FIELD_IPA, SYNTAX_HEX, 0 },
	{ "pa ", FIELD_IPA, SYNTAX_HEX, 0 },
	{ "fault type=", FIELD_CODE, SYNTAX_HEX, 0 },
	{ "fault: status", FIELD_CODE, SYNTAX_HEX, 0 },
	{ "larb=", FIELD_INDEX, SYNTAX_AUTO, 0 },
	{ "layer=0 read", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "layer=1 read", FIELD_ACCESS, SYNTAX_IS, ACCESS_READ },
	{ "layer=0 write", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "layer=1 write", FIELD_ACCESS, SYNTAX_IS, ACCESS_WRITE },
	{ "vfio", FIELD_REQUESTER, SYNTAX_PCI, 0 },
};

/* The number before "suppressed" is the line's last but the time's. */
static void collect(struct decode_event *e)
{
	uint64_t count;

	if (e->kind != KIND_LOST)
		return;
	for (const char *at = e->text; (at = strchr(at, ' ')) != NULL;) {
		at += strspn(at, " ");
		if (decode_number(&at, false, &count))
			decode_set(e, FIELD_COUNT, count);
	}
}

const struct decode_arch decode_other = {
	.name = "other",
	.title = "IOMMU",
	.formats = formats,
	.format_count = sizeof formats / sizeof formats[0],
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.collect = collect,
};
