/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What no cache may keep: entries with V=0 and walks that failed.  Software that makes an entry
 * valid, or repairs one that only ever faulted, sends no command.  And commands for impossible
 * addresses.
 */
#include <string.h>

#include "nested.h"

#define DEVICE 0x1234
#define V 1ull
#define PDTV (1ull << 5)
#define ENS 2ull
#define MODE(n) ((uint64_t)(n) << 60)
#define PID 0x1a5c7
#define FILES 0x28000000ull
#define TARGET 0x3330000ull
#define BASIC(spa) (PTE_PPN(spa) | 7)

/* ---- A device that uses every structure there is ------------------------------------------- */

enum {
	DDT2,
	DDT1,
	DC,
	PDT2,
	PDT1,
	PC,
	FIRST2,
	FIRST1,
	FIRST0,
	SECOND2,
	SECOND1,
	SECOND0,
	MSI,
	WORDS
};

/*
 * The words that lead a request to its end, each the only one of its kind.  The walk goes through
 * words[] in this order, but for the second stage's, which are needed from PDT2 on: tables and
 * data of the guest lie in another GiB than the page that SECOND2..0 map.
 */
struct machine {
	struct nested n;
	struct rig *r;
	uint64_t words[WORDS];
	uint64_t iova;     /* its GPA is mapped by SECOND2..0 */
	uint64_t spa;      /* where it ends */
	uint64_t msi_iova; /* its GPA is FILES */
};

/* `flags`: with IOM_RISCV_UNCACHED, nothing could be kept. */
static void machine_init(struct machine *m, uint32_t flags)
{
	const struct iom_riscv_config config = { .capabilities = CAP_EXT, .flags = flags };
	const uint64_t gpa = 5ull << 30 | 0x1234000;
	struct guest_page pdt[3], tables[3];
	uint64_t msi_table, dc;
	unsigned i;

	memset(m, 0, sizeof(*m));
	nested_on(&m->n, rig_new_config(&config), 3);
	m->r = m->n.r;
	wr64(m->r, 0x010, 0);
	rig_ddt(m->r, 3);
	rig_fq(m->r, 6, false);
	dc = rig_dc(m->r, DEVICE);
	m->words[DC] = dc;
	m->words[DDT2] = m->r->ddt + 8 * (DEVICE >> 15);
	m->words[DDT1] = (ram64(m->r, m->words[DDT2]) >> 10 << 12) + 8 * (DEVICE >> 6 & 0x1ff);

	for (i = 0; i < 3; i++) {
		pdt[i] = nested_page(&m->n);
		tables[i] = nested_page(&m->n);
	}
	m->words[PC] = pdt[0].spa + 16 * (PID & 0xff);
	m->words[PDT1] = pdt[1].spa + 8 * (PID >> 8 & 0x1ff);
	m->words[PDT2] = pdt[2].spa + 8 * (PID >> 17);
	put64(m->r, m->words[PDT2], PTE_POINTER(pdt[1].gpa));
	put64(m->r, m->words[PDT1], PTE_POINTER(pdt[0].gpa));
	put64(m->r, m->words[PC] + 8, MODE(8) | tables[2].gpa >> 12);
	put64(m->r, m->words[PC], V | ENS);

	m->iova = 0x2468ace000 | 0x10;
	m->msi_iova = m->iova ^ 0x1000;
	for (i = 0; i < 3; i++)
		m->words[FIRST0 - i] = tables[i].spa + 8 * (m->iova >> (12 + 9 * i) & 0x1ff);
	put64(m->r, m->words[FIRST2], PTE_POINTER(tables[1].gpa));
	put64(m->r, m->words[FIRST1], PTE_POINTER(tables[0].gpa));
	put64(m->r, m->words[FIRST0], leaf(gpa));
	put64(m->r, m->words[FIRST0] ^ 8, leaf(FILES));

	m->spa = page(m->r);
	m->words[SECOND0] = rig_map(m->r, m->n.root, 3, true, gpa, 0, leaf(m->spa));
	m->words[SECOND2] = m->n.root + 8 * 5;
	m->words[SECOND1] = (ram64(m->r, m->words[SECOND2]) >> 10 << 12) + 8 * (gpa >> 21 & 0x1ff);

	msi_table = page(m->r);
	m->words[MSI] = msi_table;
	put64(m->r, msi_table, BASIC(TARGET));
	put64(m->r, dc + 32, MODE(1) | msi_table >> 12);
	put64(m->r, dc + 48, FILES >> 12);
	rig_dc_put(m->r, DEVICE, V | PDTV, nested_iohgatp(&m->n), 0, MODE(3) | pdt[2].gpa >> 12);
}

static unsigned cause(struct machine *m, unsigned word, unsigned access)
{
	return rig_cause_pid(m->r, DEVICE, word == MSI ? m->msi_iova : m->iova, access, PID, false);
}

static void works(struct machine *m)
{
	struct iom_request q = {
		.iova = m->iova, .bytes = 4, .pasid = PID, .flags = IOM_REQ_PASID
	};
	struct iom_reply reply;

	CHECK_EQ(rig_translate(m->r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, m->spa | 0x10);
	q.iova = m->msi_iova;
	CHECK_EQ(rig_translate(m->r, DEVICE, &q, &reply), IOM_OK);
	CHECK_EQ(reply.spa, TARGET | 0x10);
}

/* What a read gets while a word has V=0, and while it has a reserved bit set. */
static const struct {
	unsigned invalid, wrong;
} causes[WORDS] = {
	[DDT2] = { 258, 259 },  [DDT1] = { 258, 259 },  [DC] = { 258, 259 },
	[PDT2] = { 266, 267 },  [PDT1] = { 266, 267 },  [PC] = { 266, 267 },
	[FIRST2] = { 13, 13 },  [FIRST1] = { 13, 13 },  [FIRST0] = { 13, 13 },
	[SECOND2] = { 21, 21 }, [SECOND1] = { 21, 21 }, [SECOND0] = { 21, 21 },
	[MSI] = { 262, 263 },
};

/* A bit that is reserved wherever it stands. */
static uint64_t reserved_bit(unsigned word)
{
	return word == DC || word == PC ? 1ull << 40 : 1ull << 55;
}

static unsigned poison_cause(unsigned word)
{
	return word <= DC ? 268 : word <= PC ? 269 : word == MSI ? 270 : 274;
}

/* ---- Entries that become valid ------------------------------------------------------------- */

static void invalid_entries(uint32_t flags)
{
	unsigned word, garbage, access;

	for (word = 0; word < WORDS; word++)
		for (garbage = 0; garbage < 2; garbage++) {
			struct machine m;
			uint64_t good;

			machine_init(&m, flags);
			good = ram64(m.r, m.words[word]);
			put64(m.r, m.words[word], garbage ? good & ~V : 0);
			for (access = 0; access < 4; access++)
				cause(&m, word, access);
			CHECK_MSG(cause(&m, word, IOM_READ) == causes[word].invalid, "word %u",
			          word);
			put64(m.r, m.words[word], good);
			works(&m);
			rig_free(m.r);
		}
}

TEST(uncached_invalid_entries, "RV-INV-21")
{
	invalid_entries(0);
	invalid_entries(IOM_RISCV_UNCACHED);
}

/* All of them at once, one repaired after the other: each failure is the next word's. */
TEST(uncached_invalid_entries_in_turn, "")
{
	uint64_t good[WORDS];
	struct machine m;
	unsigned word;

	machine_init(&m, 0);
	for (word = 0; word < WORDS; word++) {
		good[word] = ram64(m.r, m.words[word]);
		put64(m.r, m.words[word], good[word] & ~V);
	}
	for (word = 0; word < WORDS; word++) {
		CHECK_MSG(cause(&m, word, IOM_READ) == causes[word].invalid, "word %u", word);
		put64(m.r, m.words[word], good[word]);
	}
	works(&m);
	rig_free(m.r);
}

/* ---- Walks that failed --------------------------------------------------------------------- */

static void broken_by(unsigned word, uint32_t flags, uint64_t pte, unsigned access, unsigned should)
{
	struct machine m;
	uint64_t good;

	machine_init(&m, flags);
	good = ram64(m.r, m.words[word]);
	put64(m.r, m.words[word], pte == ~0ull ? good | reserved_bit(word) : good & ~pte);
	CHECK_MSG(cause(&m, word, access) == should, "word %u", word);
	CHECK_MSG(cause(&m, word, access) == should, "word %u", word);
	put64(m.r, m.words[word], good);
	CHECK_MSG(cause(&m, word, access) == 0, "word %u is repaired, but not seen", word);
	works(&m);
	rig_free(m.r);
}

static void broken_by_poison(unsigned word, uint32_t flags)
{
	struct machine m;

	machine_init(&m, flags);
	CHECK_EQ(iom_memory_poison(m.r->memory, m.words[word], 8), IOM_OK);
	CHECK_MSG(cause(&m, word, IOM_READ) == poison_cause(word), "word %u", word);
	CHECK_EQ(iom_memory_cure(m.r->memory, m.words[word], 8), IOM_OK);
	works(&m);
	rig_free(m.r);
}

/* A pointer that leads to no memory. */
static void broken_by_nowhere(unsigned word, uint32_t flags, unsigned should)
{
	struct machine m;
	uint64_t good, lost;

	machine_init(&m, flags);
	/* The guest's pointers name a page that leads nowhere. */
	rig_map(m.r, m.n.root, 3, true, 0x1800000, 0, leaf(RIG_NOWHERE));
	lost = word <= DDT1 || word >= SECOND2 ? RIG_NOWHERE : 0x1800000;
	good = ram64(m.r, m.words[word]);
	put64(m.r, m.words[word], PTE_POINTER(lost));
	CHECK_MSG(cause(&m, word, IOM_READ) == should, "word %u", word);
	put64(m.r, m.words[word], good);
	works(&m);
	rig_free(m.r);
}

static void failed_walks(uint32_t flags)
{
	unsigned word;

	for (word = 0; word < WORDS; word++) {
		broken_by(word, flags, ~0ull, IOM_READ, causes[word].wrong);
		broken_by_poison(word, flags);
	}
	broken_by_nowhere(DDT2, flags, 257);
	broken_by_nowhere(DDT1, flags, 257);
	broken_by_nowhere(PDT2, flags, 265);
	broken_by_nowhere(PDT1, flags, 265);
	broken_by_nowhere(FIRST2, flags, 5);
	broken_by_nowhere(FIRST1, flags, 5);
	broken_by_nowhere(SECOND2, flags, 5);
	broken_by_nowhere(SECOND1, flags, 5);
	/* Permissions, A and D: refused, then granted by software. */
	broken_by(FIRST0, flags, PTE_W, IOM_WRITE, 15);
	broken_by(FIRST0, flags, PTE_D, IOM_WRITE, 15);
	broken_by(FIRST0, flags, PTE_A, IOM_READ, 13);
	broken_by(FIRST0, flags, PTE_U, IOM_READ, 13);
	broken_by(FIRST0, flags, PTE_X, IOM_EXECUTE, 12);
	broken_by(SECOND0, flags, PTE_W, IOM_WRITE, 23);
	broken_by(SECOND0, flags, PTE_D, IOM_WRITE, 23);
	broken_by(SECOND0, flags, PTE_A, IOM_READ, 21);
	broken_by(SECOND0, flags, PTE_U, IOM_READ, 21);
	broken_by(SECOND0, flags, PTE_X, IOM_EXECUTE, 20);
}

TEST(uncached_failed_walks, "RV-INV-22")
{
	failed_walks(0);
	failed_walks(IOM_RISCV_UNCACHED);
}

/* ---- Commands for addresses that no table can map ------------------------------------------- */

TEST(uncached_impossible_addresses, "RV-INV-20")
{
	const uint64_t addresses[] = { 1ull << 38, 1ull << 41,  1ull << 47,
		                       1ull << 50, 1ull << 56,  1ull << 59,
		                       1ull << 63, ~0ull << 12, ~(1ull << 63) & ~0xfffull };
	unsigned i, func, gv, pscv, n = 0;
	struct machine m;

	machine_init(&m, 0);
	rig_cq(m.r, 8, true);
	works(&m);
	for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		for (func = 0; func < 2; func++)
			for (gv = 0; gv < 2; gv++)
				for (pscv = 0; pscv < 2 - func; pscv++) {
					rig_cmd(m.r,
					        1 | func << 7 | 1 << 10 | (uint64_t)pscv << 32 |
					                (uint64_t)gv << 33 | 7ull << 44,
					        addresses[i] >> 12 << 10);
					n++;
					CHECK_EQ(rd32(m.r, 0x020), n);
					CHECK_EQ(rd32(m.r, 0x048) & 0x700, 0);
				}
	CHECK_EQ(rd32(m.r, 0x054), 0);
	works(&m);
	rig_expect_none(m.r);
	rig_free(m.r);
}
