/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What messages of a class mean, where they come from as a rule, and where to look next. */
#include "decode.h"

/* clang-format off */
#define LOOK_DRIVER "when the driver maps and unmaps this address: trace events iommu:map and iommu:unmap"
#define LOOK_WHO "what 'lspci -nnk -s' says of the requester, and of the bridge above it"
#define LOOK_DMESG "the lines before: resets, suspend and resume, a driver bound or unbound"
#define LOOK_TABLES "'iommux tables' on /sys/firmware/acpi/tables/DMAR (or RIMT): does it name this device?"
#define LOOK_OFF "does the device work with iommu.passthrough=1? then its mappings are wrong, not the device"

const struct decode_advice decode_advice[CLASSES] = {
	[CLASS_UNMAPPED] = {
		"the device used an address at which nothing is mapped for it, or not for this access",
		{ "its driver unmapped the buffer while the device still worked on it",
		  "the device reads or writes beyond the buffer: a wrong length, or prefetching",
		  "the address is physical: firmware left the device running, or the driver never mapped it",
		  "firmware uses memory that no reserved region (RMRR, IVMD, RMR) names",
		  "the device went wrong, was reset late, or still works for the kernel before a kexec" },
		{ LOOK_DRIVER, LOOK_DMESG, LOOK_OFF, LOOK_TABLES },
	},
	[CLASS_READ] = {
		"the device read where no page is mapped that it may read: none at all, or one for writing only",
		{ "its driver unmapped the buffer while the device still read it",
		  "its driver mapped the buffer in the wrong direction, DMA_FROM_DEVICE",
		  "the device reads beyond the buffer: a wrong length, or prefetching",
		  "firmware uses memory that no reserved region (RMRR, IVMD, RMR) names",
		  "the device went wrong, was reset late, or still works for the kernel before a kexec" },
		{ LOOK_DRIVER, LOOK_DMESG, LOOK_OFF, LOOK_TABLES },
	},
	[CLASS_WRITE] = {
		"the device wrote where no page is mapped that it may write: none at all, or one for reading only",
		{ "its driver unmapped the buffer while the device still wrote to it",
		  "its driver mapped the buffer in the wrong direction, DMA_TO_DEVICE",
		  "the device writes beyond the buffer: a wrong length, or a status that nobody expects",
		  "firmware uses memory that no reserved region (RMRR, IVMD, RMR) names",
		  "the device went wrong, was reset late, or still works for the kernel before a kexec" },
		{ LOOK_DRIVER, LOOK_DMESG, LOOK_OFF, LOOK_TABLES },
	},
	[CLASS_EXECUTE] = {
		"the device fetched instructions where no page is mapped that it may execute",
		{ "the driver mapped the device's program without permission to execute it",
		  "the device marks ordinary reads as fetches" },
		{ LOOK_DRIVER, "the attributes that the device gives its requests" },
	},
	[CLASS_PRIVILEGE] = {
		"the privilege that the request had is not the page's, or is not enabled",
		{ "pages of user processes are mapped without their user bit, or the kernel's with it",
		  "the device marks its requests as privileged, or for execution, and should not" },
		{ "the first-stage tables of the PASID, and the bits of its table entry" },
	},
	[CLASS_ABSENT] = {
		"the IOMMU knows no domain for this requester",
		{ "the device worked while the kernel moved it to another domain, or had taken it from one",
		  "nobody knows this function: hidden by firmware, or an alias that the device uses",
		  "a bridge puts its own requester ID on the requests of what is behind it",
		  "it still works for firmware, or for the kernel before a kexec",
		  "its driver was removed, and the device was not stopped" },
		{ LOOK_WHO, "is there such a function at all? 'lspci -D' lists them", LOOK_TABLES, LOOK_DMESG },
	},
	[CLASS_TABLES] = {
		"the IOMMU read an entry of its tables that makes no sense to it",
		{ "a bug in the IOMMU driver: a bit or a size that this unit does not have",
		  "tables taken over from another kernel (kdump), which no longer fit",
		  "the tables were overwritten, or freed while in use",
		  "a caching bug: the unit does not snoop, and the entry was not flushed" },
		{ "the entries that the kernel prints with the fault",
		  "the unit's capabilities; under a hypervisor also those of its model", LOOK_DMESG },
	},
	[CLASS_FETCH] = {
		"the IOMMU could not read, or not update, one of its own tables",
		{ "an address in the table before points to where no memory is: overwritten, or freed",
		  "tables of another kernel (kdump), whose memory is gone",
		  "a memory error" },
		{ "the entries that the kernel prints with the fault", "errors of memory: EDAC, MCE, GHES" },
	},
	[CLASS_WIDTH] = {
		"the address is wider than the tables, or than what the IOMMU can translate",
		{ "the driver set a DMA mask that is too wide, or the device sign-extends addresses",
		  "a physical address, or a pointer of the CPU, was given to the device",
		  "the device read a descriptor that was never written" },
		{ "dma_set_mask() in the driver, and the width that the boot log has for this unit", LOOK_DRIVER },
	},
	[CLASS_RANGE] = {
		"the request went to addresses that are special, as those of interrupts are",
		{ "the device was programmed with an address of this range as if it were memory",
		  "a message-signalled interrupt of the wrong form, or of a device that may not send any",
		  "the device was not stopped before its interrupts were taken away" },
		{ "the MSI address in the device: 'lspci -vv -s'", LOOK_DMESG },
	},
	[CLASS_PASID] = {
		"the request's PASID (substream, process) is not one that the device may use now",
		{ "the process ended, or was unbound, while the device still worked for it",
		  "the device uses a PASID that nobody gave it, or one before it was bound",
		  "the entry was written, and the unit not told or its cache not flushed",
		  "tables of another kernel (kdump) do not have it" },
		{ "when the driver binds and unbinds the PASID, and whether it stops the device first", LOOK_DMESG },
	},
	[CLASS_ATS] = {
		"the device asked for translations, or used some, and may not",
		{ "ATS is on in the device and off in the IOMMU's entry for it, as after a reset",
		  "the device goes on using translations that were taken back",
		  "firmware or the bridge above turned ATS on" },
		{ "the ATS capability of the device: 'lspci -vv -s', ATSCtl", "pci=noats: does it stop?", LOOK_DMESG },
	},
	[CLASS_PAGES] = {
		"the device asked for a page (PRI) and cannot be answered",
		{ "page requests are on in the device, and off for it in the IOMMU",
		  "the request came after its PASID was unbound" },
		{ "the PRI capability of the device: 'lspci -vv -s'", LOOK_DMESG },
	},
	[CLASS_BLOCKED] = {
		"all requests like this one are blocked at present, whatever the tables say",
		{ "the IOMMU is starting, being shut down, or in a mode that blocks all",
		  "the device works before the operating system has set it up" },
		{ LOOK_DMESG },
	},
	[CLASS_STREAM] = {
		"the IOMMU has no entry for this stream",
		{ "firmware's description (IORT, device tree) lacks the stream, or has another number",
		  "the device uses several streams, and only one is described",
		  "the device works before its driver, or after it was removed" },
		{ "the properties iommus and iommu-map, or the ID mappings of the IORT",
		  "the requester ID, and what the bridges make of it" },
	},
	[CLASS_CONFLICT] = {
		"the IOMMU has several entries for this stream",
		{ "two devices share a stream ID, and are described as if they did not",
		  "a mask in the description covers streams of another device" },
		{ "the masks in the properties iommus and iommu-map" },
	},
	[CLASS_IR_ABSENT] = {
		"an interrupt came for which no remapping entry is set up",
		{ "the device, or an I/O APIC's pin, raised it before or after the kernel had an entry for it",
		  "firmware, or the kernel before a kexec, left it enabled",
		  "the device's MSI registers were lost in a reset or a sleep state, and hold old values" },
		{ "MSI address and data in the device: 'lspci -vv -s'", "/proc/interrupts", LOOK_DMESG },
	},
	[CLASS_IR_FORMAT] = {
		"an interrupt came in a form that is blocked: not remappable, though remapping is on",
		{ "software wrote the MSI registers itself, past interrupt remapping: a driver, firmware, a guest",
		  "the device's interrupts are in a domain of the kernel that does not remap (VMD, a regression)",
		  "the device raised it with values from before remapping was on" },
		{ "MSI address in the device, 'lspci -vv -s': bit 4 tells that it is remappable",
		  "newer or older kernels: some releases had this wrong" },
	},
	[CLASS_IR_SOURCE] = {
		"an interrupt came from another requester than its entry is for",
		{ "the device, or a bridge above it, uses a requester ID that is not its own",
		  "its MSI registers hold what was written for another device, or before a sleep state" },
		{ LOOK_WHO, "MSI address and data in the device, and in its neighbours" },
	},
	[CLASS_IR_TABLES] = {
		"the remapping entry of an interrupt makes no sense to the IOMMU, or cannot be read",
		{ "a bug in the IOMMU driver, or of the hypervisor that wrote the entry",
		  "the table was overwritten, or is one of another kernel" },
		{ LOOK_DMESG },
	},
	[CLASS_TIMEOUT] = {
		"the IOMMU asked a device to forget translations, or waited for its own commands, in vain",
		{ "the device is off the bus, in reset, or in a sleep state, and has ATS on",
		  "ATS of the device is broken",
		  "the IOMMU lost power or its settings with a sleep state",
		  "the unit is busy beyond measure" },
		{ "is the device still there? 'lspci -s', AER and hotplug messages", "pci=noats: does it stop?", LOOK_DMESG },
	},
	[CLASS_COMMAND] = {
		"the IOMMU itself, or its driver, is in trouble",
		{ "a bug in the IOMMU driver: a command or an address that this unit does not take",
		  "the unit's queue was overwritten, or lost with a sleep state",
		  "the hardware does not answer any more" },
		{ "the command that the kernel prints with it", LOOK_DMESG },
	},
	[CLASS_OVERFLOW] = {
		"more came than fits: some is lost",
		{ "a device that faults all the time" },
		{ "who faults most: 'iommux decode --summary'" },
	},
	[CLASS_RMRR] = {
		"firmware says which memory its devices use, and its memory map says otherwise",
		{ "a bug in the firmware; harmless if no device uses the region",
		  "the region was moved by a setting, as that of graphics memory" },
		{ "a newer firmware", "faults at addresses of the region", LOOK_TABLES },
	},
	[CLASS_RMRR_TIED] = {
		"the device must keep its mapping of memory that firmware uses, so it cannot be assigned",
		{ "firmware watches the device, as servers' management does" },
		{ "the maker's setting that frees the device from it", LOOK_TABLES },
	},
	[CLASS_TABLE_BROKEN] = {
		"a table of the firmware is not as the machine is",
		{ "a bug in the firmware, or tables that were copied from another one",
		  "a unit that firmware has turned off, but not taken out of the table" },
		{ "a newer firmware; a setting for VT-d or IOMMU there", LOOK_TABLES },
	},
	[CLASS_LEFT_ON] = {
		"the unit still translates with tables of whoever ran before",
		{ "firmware turned it on, against DMA while it starts",
		  "a kernel before a kexec did not shut it down" },
		{ "the shutdown of the kernel before, if it was a kexec", "a setting of the firmware: DMA protection" },
	},
	[CLASS_NO_IOVA] = {
		"the driver was refused a mapping; the device did nothing wrong",
		{ "a driver that maps and never unmaps",
		  "memory is short, or the device's DMA mask leaves too few addresses" },
		{ "the count of mappings: trace events iommu:map and iommu:unmap" },
	},
	[CLASS_MAP] = {
		"the operating system was refused a mapping; faults there will follow",
		{ "address or size is not a multiple of the IOMMU's page size",
		  "the range is mapped already, or is beyond the domain's width" },
		{ "the caller of iommu_map()" },
	},
	[CLASS_BOUNCE] = {
		"memory for bounce buffers is short; the IOMMU is not in use for this device",
		{ "the device reaches only a part of memory, and maps much at a time",
		  "an untrusted device, all of whose buffers are copied" },
		{ "swiotlb= on the kernel's command line, and the device's DMA mask" },
	},
	[CLASS_GROUP] = {
		"the device was not set up for translation",
		{ "it is there twice, or behind a controller (VMD) that stands for it",
		  "a reserved region, or a capability, forbids the domain" },
		{ LOOK_DMESG, LOOK_WHO },
	},
	[CLASS_VIABLE] = {
		"a device of the group is in use by a driver of the host",
		{ "not all devices of the group were given to vfio-pci",
		  "bridges without ACS make the group larger than one device" },
		{ "/sys/kernel/iommu_groups/", "the ACS capability of the bridges above" },
	},
	[CLASS_SNP] = {
		"the page belongs to a confidential guest, or to nobody, by the reverse map table",
		{ "the device was given a private page of a guest",
		  "the hypervisor did not take the page back before it mapped it" },
		{ "which guest the page is assigned to", LOOK_DRIVER },
	},
};
/* clang-format on */
