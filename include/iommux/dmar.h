/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The ACPI table that tells which device is behind which VT-d unit (Intel VT-d specification,
 * "BIOS Considerations"): written for firmware and emulators, read for kernels.  Freestanding, and
 * nothing is allocated.
 *
 * RIDs are bus << 8 | device << 3 | function.
 */
#ifndef IOMMUX_DMAR_H
#define IOMMUX_DMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iommux/acpi.h>
#include <iommux/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longer tables are neither written nor read: that bounds the time that checking one takes. */
#define IOM_DMAR_BYTES_MAX 65536u

/* ---- What a table says -------------------------------------------------------------------- */

/* Of the table */
#define IOM_DMAR_INTR_REMAP 0x1u      /* a unit can remap interrupts                             */
#define IOM_DMAR_X2APIC_OPT_OUT 0x2u  /* firmware asks for no x2APIC; only with INTR_REMAP       */
#define IOM_DMAR_DMA_CTRL_OPT_IN 0x4u /* firmware kept DMA in check, and so should the system be */

/* A step on the way to a device: from a bus to the device on it */
struct iom_dmar_hop {
	uint8_t device;   /* up to 31 */
	uint8_t function; /* up to 7  */
};

enum iom_dmar_scope_type {
	IOM_DMAR_ENDPOINT = 1, /* a PCI function                                               */
	IOM_DMAR_BRIDGE,       /* a PCI bridge, and everything below it                        */
	IOM_DMAR_IOAPIC,       /* id: the I/O APIC's in the MADT                               */
	IOM_DMAR_HPET,         /* id: the number in the HPET table                             */
	IOM_DMAR_NAMESPACE,    /* a device of the ACPI namespace; id: the number in its ANDD   */
};

/* Flags of a device scope, in a SIDP alone; the first three are for requests without PASID. */
#define IOM_DMAR_NO_NESTED 0x01u    /* nested translation is not recommended                   */
#define IOM_DMAR_NO_PWSNP 0x02u     /* page walks must not snoop                               */
#define IOM_DMAR_NO_PGSNP 0x04u     /* nor may accesses be made to                             */
#define IOM_DMAR_ATC_HARDENED 0x08u /* enabling the device's translation cache is recommended  */
#define IOM_DMAR_ATC_REQUIRED 0x10u /* the device does not work without its translation cache  */

/*
 * A device: the path leads from the bus, through bridges, to it.  What the path of an I/O APIC, an
 * HPET or a namespace device leads to is the RID of its requests; there need not be a function.
 */
struct iom_dmar_scope {
	uint8_t type;  /* enum iom_dmar_scope_type */
	uint8_t flags; /* IOM_DMAR_NO_NESTED ...   */
	uint8_t id;    /* 0 for PCI devices        */
	uint8_t bus;
	uint8_t hop_count; /* 1 to 124 */
	const struct iom_dmar_hop *path;
};

/* DMA remapping hardware unit definition: a VT-d unit */
#define IOM_DMAR_INCLUDE_PCI_ALL 0x1u /* all PCI devices of the segment that no other unit has */

struct iom_dmar_drhd {
	uint8_t flags;     /* IOM_DMAR_INCLUDE_PCI_ALL                         */
	uint8_t pages_lg2; /* the registers take 2^N pages of 4 KiB; N up to 15 */
	uint16_t segment;
	uint16_t scope_count;
	uint64_t base; /* of its registers, a multiple of their size */
	const struct iom_dmar_scope *scopes;
};

/* Reserved memory region: DMA that firmware started needs it mapped to itself. */
struct iom_dmar_rmrr {
	uint16_t segment;
	uint16_t scope_count; /* endpoints */
	uint64_t base;        /* a multiple of 4 KiB                    */
	uint64_t limit;       /* of the last byte; limit + 1 is one too */
	const struct iom_dmar_scope *scopes;
};

/* Root ports below which devices may use ATS */
#define IOM_DMAR_ALL_PORTS 0x1u /* of the segment; then there are no scopes */

struct iom_dmar_atsr {
	uint8_t flags; /* IOM_DMAR_ALL_PORTS */
	uint16_t segment;
	uint16_t scope_count; /* bridges: root ports */
	const struct iom_dmar_scope *scopes;
};

/* Remapping hardware static affinity: near which memory a unit is */
struct iom_dmar_rhsa {
	uint64_t base; /* that of a DRHD */
	uint32_t proximity;
};

/* ACPI namespace device declaration: a number for a device that scopes speak of */
struct iom_dmar_andd {
	uint8_t number;
	const char *name; /* the object in the ACPI namespace: "\\_SB.I2C0" */
};

/* Integrated endpoints with translation caches.  Who reads a SIDP ignores these. */
#define IOM_DMAR_SATC_REQUIRED 0x1u /* they do not work without */

struct iom_dmar_satc {
	uint8_t flags; /* IOM_DMAR_SATC_REQUIRED */
	uint16_t segment;
	uint16_t scope_count; /* endpoints, each with a path of one step */
	const struct iom_dmar_scope *scopes;
};

/* Properties of integrated devices: the flags of their scopes */
struct iom_dmar_sidp {
	uint16_t segment;
	uint16_t scope_count; /* endpoints and namespace devices, each with a path of one step */
	const struct iom_dmar_scope *scopes;
};

/* ---- Writing ------------------------------------------------------------------------------ */

/*
 * Structures are written in the order of this struct, units with INCLUDE_PCI_ALL behind the
 * others, as the specification wants it.
 */
struct iom_dmar {
	size_t bytes; /* sizeof(struct iom_dmar) */
	struct iom_acpi_ids ids;
	uint8_t address_bits; /* of the addresses that DMA can reach, 2 to 64 */
	uint8_t flags;        /* IOM_DMAR_INTR_REMAP ...                      */
	const struct iom_dmar_drhd *drhds;
	size_t drhd_count;
	const struct iom_dmar_rmrr *rmrrs;
	size_t rmrr_count;
	const struct iom_dmar_atsr *atsrs;
	size_t atsr_count;
	const struct iom_dmar_rhsa *rhsas;
	size_t rhsa_count;
	const struct iom_dmar_andd *andds;
	size_t andd_count;
	const struct iom_dmar_satc *satcs;
	size_t satc_count;
	const struct iom_dmar_sidp *sidps;
	size_t sidp_count;
};

/*
 * Writes the table to `buf`.  *bytes becomes its length.  IOM_ENOSPC: `size` is too small, and
 * *bytes says what it takes; `buf` may then be NULL.  IOM_EINVAL: iom_dmar_check would object to
 * the table, or a field cannot hold what it is to hold; `error`, which may be NULL, says which,
 * and `buf` may have been written to.
 */
int iom_dmar_build(const struct iom_dmar *dmar, void *buf, size_t size, size_t *bytes,
                   struct iom_error *error);

/* ---- Reading ------------------------------------------------------------------------------ */

/* A table that iom_dmar_open found readable.  Its bytes stay where they are, and as they are. */
struct iom_dmar_table {
	const void *data;
	size_t length;
};

/*
 * Opens the table that begins at `buf`, of which `size` bytes may be read, if it can be read:
 * checksum and lengths are right, those of structures, scopes, paths and names too.  Structures
 * and scopes of unknown types are passed over, here and below. IOM_EINVAL: it is not such a table;
 * `error`, which may be NULL, says what is wrong, and where.
 */
int iom_dmar_open(const void *buf, size_t size, struct iom_dmar_table *out,
                  struct iom_error *error);

/*
 * Does what the table says make sense?  `tell`, which may be NULL, gets a sentence for everything
 * that does not, which says what is wrong, where, and what would be right; it holds for the
 * duration of the call.  Firmware is not always right, so that a table can be asked all the same.
 * Returns how many sentences there are.
 */
unsigned iom_dmar_check(const struct iom_dmar_table *table,
                        void (*tell)(void *opaque, const char *sentence), void *opaque);

/*
 * Called in the order of the table; a function that is NULL is not called.  One that returns
 * something else than 0 ends the visit.  `head` comes first.  Arrays of scopes in what is told are
 * NULL: scopes follow their structure one by one.  Pointers hold for the duration of the call,
 * names and paths as long as the table.
 */
struct iom_dmar_visitor {
	size_t bytes; /* sizeof(struct iom_dmar_visitor) */
	int (*head)(void *opaque, unsigned address_bits, unsigned flags);
	int (*drhd)(void *opaque, const struct iom_dmar_drhd *drhd);
	int (*rmrr)(void *opaque, const struct iom_dmar_rmrr *rmrr);
	int (*atsr)(void *opaque, const struct iom_dmar_atsr *atsr);
	int (*rhsa)(void *opaque, const struct iom_dmar_rhsa *rhsa);
	int (*andd)(void *opaque, const struct iom_dmar_andd *andd);
	int (*satc)(void *opaque, const struct iom_dmar_satc *satc);
	int (*sidp)(void *opaque, const struct iom_dmar_sidp *sidp);
	int (*scope)(void *opaque, const struct iom_dmar_scope *scope);
};

/*
 * Returns IOM_OK, what a function of the visitor returned, or IOM_EINVAL for a visitor without
 * size.
 */
int iom_dmar_visit(const struct iom_dmar_table *table, const struct iom_dmar_visitor *visitor,
                   void *opaque);

/* ---- Asking ------------------------------------------------------------------------------- */

/*
 * How the PCI buses are numbered at present, which paths and bridges depend on.  Where a pointer to
 * this is NULL, there are neither bridges nor virtual functions.
 */
struct iom_dmar_pci {
	size_t bytes; /* sizeof(struct iom_dmar_pci) */
	void *opaque;
	/*
	 * The bus behind the bridge at `rid`, and the last one below it; false if there is no
	 * bridge.
	 */
	bool (*bridge)(void *opaque, uint16_t segment, uint16_t rid, uint8_t *secondary,
	               uint8_t *subordinate);
	/*
	 * The physical function of the virtual function `rid`, and of others `rid`.  May be NULL.
	 */
	uint16_t (*physical)(void *opaque, uint16_t segment, uint16_t rid);
};

/*
 * Where the path of a scope leads.  IOM_ENOENT: on the way to it there is no bridge where one
 * should be, or no such device number.  This and what follows: IOM_EINVAL for a `pci` without
 * size.
 */
int iom_dmar_scope_rid(const struct iom_dmar_pci *pci, uint16_t segment,
                       const struct iom_dmar_scope *scope, uint16_t *rid);

/*
 * The unit of a requester: the first whose scopes name it or a bridge above it, else the segment's
 * with INCLUDE_PCI_ALL.  A virtual function belongs where its physical function does.  IOM_ENOENT:
 * none.
 */
int iom_dmar_find_rid(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                      uint16_t segment, uint16_t rid, struct iom_dmar_drhd *drhd);

/* Where a device without config space sends its requests, under which RID. */
struct iom_dmar_source {
	struct iom_dmar_drhd drhd; /* scopes NULL */
	uint16_t rid;
};

/*
 * The I/O APIC (IOM_DMAR_IOAPIC) or HPET (IOM_DMAR_HPET) with this number.  IOM_ENOENT: no unit
 * names it, so that its interrupts cannot be remapped.
 */
int iom_dmar_find_source(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                         enum iom_dmar_scope_type type, uint8_t id, struct iom_dmar_source *source);

/* The device of this name in the ACPI namespace.  IOM_ENOENT: not declared, or no unit names it. */
int iom_dmar_find_device(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                         const char *name, struct iom_dmar_source *source);

/*
 * Calls `rmrr` for each region whose scopes name the requester or a bridge above it, scopes NULL,
 * until that returns something else than 0.  Returns IOM_OK, or what `rmrr` returned.
 */
int iom_dmar_visit_rmrrs(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                         uint16_t segment, uint16_t rid,
                         int (*rmrr)(void *opaque, const struct iom_dmar_rmrr *rmrr), void *opaque);

/*
 * May a device below a root port use ATS?  IOM_OK: that port, or all of the segment, is listed.
 * IOM_ENOENT: not.  Integrated endpoints need no permission: iom_dmar_find_properties.
 */
int iom_dmar_find_ats(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                      uint16_t segment, uint16_t rid);

/*
 * What a SIDP says of an integrated endpoint; in a table without one, what a SATC says, which is
 * IOM_DMAR_ATC_REQUIRED or 0.  IOM_ENOENT: neither names it.
 */
int iom_dmar_find_properties(const struct iom_dmar_table *table, const struct iom_dmar_pci *pci,
                             uint16_t segment, uint16_t rid, uint8_t *flags);

#ifdef __cplusplus
}
#endif
#endif
