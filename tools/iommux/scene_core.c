/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Scenes from core files: the physical memory of a machine that has crashed, or was dumped, as an ELF file
 * of 64 bits has it ("Executable and Linkable Format"; /proc/vmcore, QEMU's dump-guest-memory).  The IOMMU
 * is one that has everything, and is programmed as a driver would.
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "regs/riscv.h"
#include "regs/vtd.h"
#include "scene.h"
#include "verbs.h"

#define SEGMENTS_MAX 65536u

struct segment {
	uint64_t spa, bytes, offset;
};

struct core {
	FILE *file;
	uint64_t bytes; /* of the file */
	struct segment *segment;
	size_t count;
};

/* Little-endian, wherever this runs. */
static uint64_t field(const uint8_t *bytes, size_t at, unsigned width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | bytes[at + width];
	return value;
}

#define FIELD(type, bytes, name)                                                                   \
	field(bytes, offsetof(type, name), (unsigned)sizeof(((type *)NULL)->name))

static bool get(struct core *c, uint64_t offset, void *buf, size_t size)
{
	return offset <= INT64_MAX && !fseeko(c->file, (off_t)offset, SEEK_SET) &&
	       fread(buf, 1, size, c->file) == size;
}

static int fetch(void *opaque, uint64_t spa, void *buf, size_t size)
{
	struct core *c = opaque;

	for (size_t i = 0; i < c->count; i++) {
		const struct segment *s = &c->segment[i];

		if (spa < s->spa || spa - s->spa >= s->bytes || s->bytes - (spa - s->spa) < size)
			continue;
		return get(c, s->offset + (spa - s->spa), buf, size) ? IOM_OK : IOM_EFAULT;
	}
	return IOM_EFAULT;
}

static void end(void *opaque)
{
	struct core *c = opaque;

	fclose(c->file);
	free(c->segment);
	free(c);
}

/* ---- The file ---------------------------------------------------------------------------------- */

static const struct {
	const char *magic, *what;
} others[] = {
	{ "KDUMP   ", "it is a kdump-compressed file.  An ELF core comes of 'makedumpfile -E' or a "
	              "copy of "
	              "/proc/vmcore when the machine has crashed, or of QEMU's dump-guest-memory "
	              "without -z, "
	              "-l and -s" },
	{ "DISKDUMP", "it is a diskdump file.  An ELF core is a copy of /proc/vmcore, or comes of "
	              "'makedumpfile -E'" },
	{ "makedumpfile", "it is a dump in makedumpfile's flat format, as QEMU's dump-guest-memory "
	                  "-z writes it.  "
	                  "Without -z, -l and -s that is an ELF core, and so is what 'makedumpfile "
	                  "-E' writes to a "
	                  "file" },
};

static const char *not_elf(const uint8_t *first, size_t got)
{
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
		size_t n = strlen(others[i].magic);

		if (got >= n && !memcmp(first, others[i].magic, n))
			return others[i].what;
	}
	if (got < SELFMAG || memcmp(first, ELFMAG, SELFMAG) != 0)
		return "it is no ELF file: its first 4 bytes, at offset 0, are not those of one";
	if (got < sizeof(Elf64_Ehdr))
		return "it ends inside the header of an ELF file";
	if (first[EI_CLASS] != ELFCLASS64)
		return "it is an ELF file of 32 bits (at offset 4); a core with physical addresses "
		       "has 64";
	if (first[EI_DATA] != ELFDATA2LSB)
		return "it is a big-endian ELF file (at offset 5); machines with these IOMMUs are "
		       "little-endian";
	if (FIELD(Elf64_Ehdr, first, e_type) != ET_CORE)
		return "it is an ELF file, but no core (at offset 16)";
	return NULL;
}

/* A segment whose bytes are in the file; what it has more in memory was left out of it. */
static bool take_segment(struct core *c, const uint8_t *ph)
{
	struct segment s = {
		.spa = FIELD(Elf64_Phdr, ph, p_paddr),
		.bytes = FIELD(Elf64_Phdr, ph, p_filesz),
		.offset = FIELD(Elf64_Phdr, ph, p_offset),
	};

	if (FIELD(Elf64_Phdr, ph, p_type) != PT_LOAD || !s.bytes)
		return true;
	if (s.offset > c->bytes || s.bytes > c->bytes - s.offset)
		return false;
	c->segment[c->count++] = s;
	return true;
}

/* NULL, or what is wrong, where `offset` says. */
static const char *take_segments(struct core *c, const uint8_t *eh, uint64_t *offset)
{
	uint64_t at = FIELD(Elf64_Ehdr, eh, e_phoff), count = FIELD(Elf64_Ehdr, eh, e_phnum);
	uint64_t sections = FIELD(Elf64_Ehdr, eh, e_shoff);
	uint8_t ph[sizeof(Elf64_Phdr)], sh[sizeof(Elf64_Shdr)];

	*offset = offsetof(Elf64_Ehdr, e_phentsize);
	if (FIELD(Elf64_Ehdr, eh, e_phentsize) != sizeof(Elf64_Phdr))
		return "its program headers have another size than those of ELF files";
	*offset = sections;
	/* More than fit: the first section says how many. */
	if (count == PN_XNUM) {
		if (!get(c, sections, sh, sizeof sh))
			return "it ends before its section header, which has the number of "
			       "segments";
		count = FIELD(Elf64_Shdr, sh, sh_info);
	}
	*offset = offsetof(Elf64_Ehdr, e_phnum);
	if (count > SEGMENTS_MAX)
		return "it has more than 65536 segments";
	c->segment = calloc(count ? (size_t)count : 1, sizeof c->segment[0]);
	if (!c->segment)
		return "no memory is left for its segments";
	for (uint64_t i = 0; i < count; i++) {
		*offset = at + i * sizeof ph;
		if (!get(c, *offset, ph, sizeof ph))
			return "it ends inside its program headers";
		if (!take_segment(c, ph))
			return "a segment goes beyond the end of the file: it was cut short";
	}
	*offset = at;
	return c->count ? NULL : "it has no memory: no segment is of type PT_LOAD";
}

static int open_core(const struct scene_spec *spec, struct core *c)
{
	uint8_t first[sizeof(Elf64_Ehdr)];
	uint64_t offset = 0;
	const char *why;
	size_t got;

	c->file = file_open(spec->core, &c->bytes, &why);
	if (!c->file)
		return complain("%s: %s cannot be read: %s", spec->verb, spec->core, why);
	got = fread(first, 1, sizeof first, c->file);
	why = not_elf(first, got);
	if (why)
		return complain("%s: %s: %s", spec->verb, spec->core, why);
	why = take_segments(c, first, &offset);
	if (why)
		return complain("%s: %s: %s (at offset %" PRIu64 ")", spec->verb, spec->core, why,
		                offset);
	return EXIT_HELD;
}

/* ---- The unit ---------------------------------------------------------------------------------- */

/* What the widest unit of the architecture is made of. */
static int tell(const char *arch, struct trace_header *header, struct iom_error *error)
{
	static const struct iom_riscv_config riscv = { .bytes = sizeof riscv };
	static const struct iom_vtd_config vtd = {
		.bytes = sizeof vtd,
		.profile = IOM_VTD_FULL,
		.flags = IOM_VTD_AW_IGNORED,
		.address_bits = 52,
	};
	const struct trace_config config = { .riscv = &riscv, .vtd = &vtd };
	struct iom_memory *memory;
	struct iom_unit *unit;
	int result = iom_memory_new(NULL, NULL, &memory, error);

	if (result)
		return result;
	if (!strcmp(arch, "vtd"))
		result = iom_vtd_new(&vtd, memory, NULL, NULL, &unit, error);
	else
		result = iom_riscv_new(&riscv, memory, NULL, NULL, &unit, error);
	if (!result) {
		result = trace_config_tell(unit, &config, header, error);
		iom_unit_free(unit);
	}
	iom_memory_free(memory);
	return result;
}

static void set_command(struct iom_unit *unit, uint32_t bit)
{
	uint64_t on;

	(void)iom_mmio_read(unit, 0, VTD_GSTS, 4, &on);
	(void)iom_mmio_write(unit, 0, VTD_GCMD, 4, (on & (VTD_G_TE | VTD_G_IRE)) | bit);
}

int scene_core_program(const struct scene_spec *spec, struct scene *s)
{
	uint64_t now;

	if (strcmp(s->header.arch, "vtd") != 0) {
		(void)iom_mmio_write(s->unit, 0, RV_DDTP, 8, spec->root);
		(void)iom_mmio_read(s->unit, 0, RV_DDTP, 8, &now);
		if (now != spec->root || !IOM_GET(RV_DDTP_MODE, now))
			return complain("%s: --root 0x%" PRIx64 " is no value that ddtp can have; "
			                "bits 3:0 are the mode, 1 to 4, and bits 53:10 the page "
			                "number of the table",
			                spec->verb, spec->root);
		return EXIT_HELD;
	}
	if (spec->has_root) {
		(void)iom_mmio_write(s->unit, 0, VTD_RTADDR, 8, spec->root);
		set_command(s->unit, VTD_G_RTP);
		set_command(s->unit, VTD_G_TE);
	}
	if (spec->has_irta) {
		(void)iom_mmio_write(s->unit, 0, VTD_IRTA, 8, spec->irta);
		set_command(s->unit, VTD_G_IRTP);
		set_command(s->unit, VTD_G_IRE);
	}
	return EXIT_HELD;
}

/* ---- All of it --------------------------------------------------------------------------------- */

static int check(const struct scene_spec *spec)
{
	bool vtd = spec->arch == &machine_vtd;

	if (spec->path)
		return complain("%s: --core %s and %s are two; give one of them", spec->verb,
		                spec->core, spec->path);
	if (spec->has_at || spec->has_event || spec->has_unit || spec->has_seed)
		return complain("%s: --at, --event, --unit and --seed are not for --core",
		                spec->verb);
	if (!spec->has_arch)
		return complain("%s: --arch riscv or --arch vtd says whose tables %s has",
		                spec->verb, spec->core);
	if (spec->has_irta && !vtd)
		return complain("%s: --irta is for --arch vtd; a RISC-V IOMMU has its interrupts' "
		                "tables in the device context",
		                spec->verb);
	if (!spec->has_root && !spec->has_irta)
		return complain("%s: --root VALUE is missing: what is in the register %s",
		                spec->verb, vtd ? "RTADDR, with the mode in bits 11:10" : "ddtp");
	return EXIT_HELD;
}

int scene_from_core(const struct scene_spec *spec, struct scene *s)
{
	struct core *core;
	struct iom_error error;
	int status = check(spec);

	if (status)
		return status;
	core = calloc(1, sizeof *core);
	if (!core)
		return complain("%s: no memory is left", spec->verb);
	status = open_core(spec, core);
	if (status) {
		if (core->file)
			fclose(core->file);
		free(core->segment);
		free(core);
		return status;
	}
	s->fetch = fetch;
	s->fetch_end = end;
	s->opaque = core;
	s->bare = true;
	snprintf(s->name, sizeof s->name, "%s", spec->core);
	if (tell(spec->arch == &machine_vtd ? "vtd" : "riscv", &s->header, &error))
		return complain("%s: %s", spec->verb, error.text);
	s->header.partial = true;
	return EXIT_HELD;
}
