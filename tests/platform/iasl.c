/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a reader that is not ours says of the tables: ACPICA's iasl, of whatever release is
 * installed. It is given only what that release knows.
 */
#include "dmar_example.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Since when there are structures and tables in it */
#define KNOWS_SATC 20220331
#define KNOWS_SIDP 20241212
#define KNOWS_RIMT 20250404

/* A folder of its own; table.aml, what is said of it, and table.dsl, its text */
struct bench {
	char dir[256];
	char said[4096], text[65536];
	unsigned release;
};

static void in_dir(const struct bench *b, const char *name, char path[320])
{
	snprintf(path, 320, "%s/%s", b->dir, name);
}

static size_t load(const struct bench *b, const char *name, char *to, size_t size)
{
	char path[320];
	size_t bytes;
	FILE *file;

	in_dir(b, name, path);
	file = fopen(path, "rb");
	CHECK_MSG(file, "iasl should have written %s; it said:\n%s", path, b->said);
	bytes = fread(to, 1, size - 1, file);
	to[bytes] = '\0';
	fclose(file);
	return bytes;
}

/* Runs it in the folder; false: it is not installed. */
static bool run(struct bench *b, const char *option, const char *file, int should)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		int fd = chdir(b->dir) ? -1 : open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd >= 0 && dup2(fd, 1) == 1 && dup2(fd, 2) == 2)
			execlp("iasl", "iasl", option, file, (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) == 127)
		return false;
	load(b, "said", b->said, sizeof b->said);
	CHECK_MSG(WEXITSTATUS(status) == should, "status %d:\n%s", WEXITSTATUS(status), b->said);
	return true;
}

/* Blanks between words become one, and what stands in front of a field goes. */
static void plain(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		if (*from == '[' && isdigit((unsigned char)from[1]) && strchr(from, ']'))
			from = strchr(from, ']') + 1;
		if (*from == ' ' && (from[1] == ' ' || to == text || to[-1] == '\n'))
			continue;
		*to++ = *from;
	}
	*to = '\0';
}

static void end(struct bench *b)
{
	static const char *const names[] = { "table.aml", "table.dsl", "said" };
	char path[320];

	for (unsigned i = 0; i < 3; i++) {
		in_dir(b, names[i], path);
		unlink(path);
	}
	CHECK(!rmdir(b->dir));
}

/* Has the table disassembled; false: nobody is there who could. */
static bool disassemble(struct bench *b, const uint8_t *table, size_t bytes)
{
	char path[320];
	FILE *file;

	in_dir(b, "table.aml", path);
	file = fopen(path, "wb");
	CHECK(file && fwrite(table, 1, bytes, file) == bytes && !fclose(file));
	if (!run(b, "-d", "table.aml", 0))
		return false;
	load(b, "table.dsl", b->text, sizeof b->text);
	CHECK(sscanf(strstr(b->text, "Disassembler version "), "Disassembler version %u",
	             &b->release) == 1);
	plain(b->text);
	/* So it begins its complaints, those about checksums too. */
	CHECK_MSG(!strstr(b->text, "****") && !strstr(b->text, "Incorrect") &&
	                  !strstr(b->said, "rror"),
	          "%s\n%s", b->said, b->text);
	return true;
}

/* A bench with the release that is installed; skips the test where there is none. */
static void begin(struct bench *b)
{
	struct dmar_example e;
	const char *folder;
	uint8_t *table;
	size_t bytes;
	bool there;

	memset(b, 0, sizeof *b);
	folder = getenv("TMPDIR");
	if (!folder || !*folder)
		folder = P_tmpdir;
	CHECK((size_t)snprintf(b->dir, sizeof b->dir, "%s/iommux-iasl-XXXXXX", folder) <
	      sizeof b->dir);
	CHECK(mkdtemp(b->dir));
	dmar_fill(&e);
	e.dmar.satc_count = e.dmar.sidp_count = 0;
	table = dmar_build(&e, &bytes);
	there = disassemble(b, table, bytes);
	free(table);
	if (!there) {
		end(b);
		print_message("iasl is not installed; it is in the package acpica-tools\n");
		skip();
	}
}

/* The text has these lines, in this order. */
static void has(const struct bench *b, const char *const lines[])
{
	const char *at = b->text;

	for (; *lines; lines++) {
		char line[128];

		snprintf(line, sizeof line, "\n%s", *lines);
		at = strstr(at, line);
		CHECK_MSG(at, "there should be \"%s\", in its place, in:\n%s", *lines, b->text);
		at += strlen(line) - 1;
	}
}

static const char *const early[] = {
	"Host Address Width : 26",
	"Flags : 05",
	"Subtable Type : 0000 [Hardware Unit Definition]",
	"PCI Segment Number : 0000",
	"Register Base Address : 00000000FED90000",
	"Device Scope Type : 03 [IOAPIC Device]",
	"Entry Length : 08",
	"Enumeration ID : 02",
	"PCI Bus Number : F0",
	"PCI Path : 1F,07",
	"Device Scope Type : 04 [Message-capable HPET Device]",
	"PCI Path : 1F,00",
	"Device Scope Type : 01 [PCI Endpoint Device]",
	"PCI Path : 02,00",
	"Device Scope Type : 02 [PCI Bridge Device]",
	"Entry Length : 0A",
	"PCI Path : 01,00",
	"PCI Path : 00,01",
	"Subtable Type : 0001 [Reserved Memory Region]",
	"Base Address : 000000007A000000",
	"End Address (limit) : 000000007AFFFFFF",
	"PCI Path : 14,00",
	"Subtable Type : 0002 [Root Port ATS Capability]",
	"Flags : 01",
	"Subtable Type : 0003 [Remapping Hardware Static Affinity]",
	"Base Address : 00000000FED90000",
	"Proximity Domain : 00000001",
	"Subtable Type : 0004 [ACPI Namespace Device Declaration]",
	"Device Number : 01",
	"Device Name : \"\\_SB.I2C0\"",
	NULL,
};

static const char *const satc[] = {
	"Subtable Type : 0005 [SoC Integrated Address Translation Cache]",
	"Flags : 01",
	"PCI Path : 03,00",
	NULL,
};

static const char *const sidp[] = {
	"Subtable Type : 0006 [SoC Integrated Device Property]",
	"Device Scope Type : 01 [PCI Endpoint Device]",
	"Flags : 18",
	"PCI Path : 04,00",
	NULL,
};

TEST(iasl_reads_what_the_dmar_says, "FW-HDR-10 FW-DMAR-04 FW-DMAR-06 FW-DMAR-07 FW-DMAR-08 "
                                    "FW-DMAR-09 FW-DMAR-12")
{
	struct dmar_example e;
	struct bench b;
	uint8_t *table;
	size_t bytes;

	begin(&b);
	dmar_fill(&e);
	e.dmar.satc_count = b.release >= KNOWS_SATC;
	e.dmar.sidp_count = b.release >= KNOWS_SIDP;
	table = dmar_build(&e, &bytes);
	CHECK(disassemble(&b, table, bytes));
	has(&b, early);
	if (e.dmar.satc_count)
		has(&b, satc);
	if (e.dmar.sidp_count)
		has(&b, sidp);
	free(table);
	end(&b);
}

TEST(iasl_reads_what_the_rimt_says, "")
{
	static const char *const lines[] = { "Signature : \"RIMT\"",
		                             "Number of RIMT Nodes : 00000003", NULL };
	struct bench b;

	begin(&b);
	if (b.release >= KNOWS_RIMT) {
		CHECK(disassemble(&b, example_bytes, EXAMPLE_BYTES));
		has(&b, lines);
	}
	end(&b);
}

TEST(iasl_compiles_the_dmar_to_the_same_bytes, "FW-HDR-11")
{
	struct dmar_example e;
	struct bench b;
	uint8_t *table;
	char again[512];
	size_t bytes;

	begin(&b);
	dmar_fill(&e);
	/* Older releases take the size of a unit for reserved. */
	e.drhd[0].pages_lg2 = b.release >= KNOWS_SIDP;
	e.dmar.satc_count = b.release >= KNOWS_SATC;
	e.dmar.sidp_count = b.release >= KNOWS_SIDP;
	table = dmar_build(&e, &bytes);
	CHECK(disassemble(&b, table, bytes));
	CHECK(run(&b, "-ve", "table.dsl", 0));
	CHECK_EQ(load(&b, "table.aml", again, sizeof again), bytes);
	/* It names itself as the creator, which changes the checksum. */
	for (size_t i = 0; i < bytes; i++)
		CHECK_MSG((uint8_t)again[i] == table[i] || i == 9 || (i >= 28 && i < 36),
		          "byte 0x%zx is 0x%x, should be 0x%x", i, (uint8_t)again[i], table[i]);
	free(table);
	end(&b);
}
