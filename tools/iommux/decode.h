/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What operating systems, hypervisors and firmware write about IOMMUs.  A line is recognised by its
 * format's anchor; fields are found by their keys, wherever these stand.  That withstands lines that
 * were wrapped, shortened or typed by hand.
 */
#ifndef IOMMUX_DECODE_H
#define IOMMUX_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DECODE_LINE 1024 /* bytes of a line that are looked at      */
#define DECODE_TEXT 3072 /* bytes of a message, of all of its lines */
#define DECODE_BUFFER 16384
#define DECODE_WORD 48

enum decode_field {
	FIELD_REQUESTER, /* segment << 16 | bus << 8 | device << 3 | function */
	FIELD_STREAM,
	FIELD_ENDPOINT,
	FIELD_DEVICE,
	FIELD_PASID,
	FIELD_DOMAIN,
	FIELD_ACCESS, /* enum decode_access */
	FIELD_ADDRESS,
	FIELD_LAST,
	FIELD_IPA,
	FIELD_INDEX,
	FIELD_CODE,
	FIELD_FLAGS,
	FIELD_STATUS,
	FIELD_SYNDROME,
	FIELD_BANK,
	FIELD_COUNT,
	FIELD_ERROR,
	FIELD_NAME, /* the format's own meaning: the row of a table, plus 1 */
	FIELD_TEXT, /* what follows the code has been seen                  */
	FIELD_WORD0,
	FIELD_WORD1,
	FIELD_WORD2,
	FIELD_WORD3,
	FIELDS
};

#define FIELD_BIT(field) (UINT32_C(1) << (field))

enum decode_access { ACCESS_READ = 1, ACCESS_WRITE, ACCESS_EXECUTE };

enum decode_kind {
	KIND_DMA,
	KIND_INTERRUPT,
	KIND_PAGE_REQUEST,
	KIND_INVALIDATION,
	KIND_UNIT,     /* the IOMMU itself is in trouble      */
	KIND_FIRMWARE, /* tables and reserved regions         */
	KIND_SOFTWARE, /* the operating system refused        */
	KIND_LOST,     /* messages that nobody sees           */
	KIND_STATUS,   /* goes before or behind what happened */
	KIND_DETAIL,
	KINDS
};

/* What to make of a message: rows of decode_advice. */
enum decode_class {
	CLASS_NONE,
	CLASS_UNMAPPED,
	CLASS_READ,
	CLASS_WRITE,
	CLASS_EXECUTE,
	CLASS_PRIVILEGE,
	CLASS_ABSENT,
	CLASS_TABLES,
	CLASS_FETCH,
	CLASS_WIDTH,
	CLASS_RANGE,
	CLASS_PASID,
	CLASS_ATS,
	CLASS_PAGES,
	CLASS_BLOCKED,
	CLASS_STREAM,
	CLASS_CONFLICT,
	CLASS_IR_ABSENT,
	CLASS_IR_FORMAT,
	CLASS_IR_SOURCE,
	CLASS_IR_TABLES,
	CLASS_TIMEOUT,
	CLASS_COMMAND,
	CLASS_OVERFLOW,
	CLASS_RMRR,
	CLASS_RMRR_TIED,
	CLASS_TABLE_BROKEN,
	CLASS_LEFT_ON,
	CLASS_NO_IOVA,
	CLASS_MAP,
	CLASS_BOUNCE,
	CLASS_GROUP,
	CLASS_VIABLE,
	CLASS_SNP,
	CLASSES
};

struct decode_advice {
	const char *means;
	const char *likely[6]; /* the likeliest first */
	const char *look[4];
};

extern const struct decode_advice decode_advice[CLASSES];

enum decode_syntax {
	SYNTAX_HEX,  /* with or without 0x                                         */
	SYNTAX_AUTO, /* hexadecimal with 0x, decimal without                       */
	SYNTAX_PCI,  /* [[segment:]bus:device.function], each with or without 0x   */
	SYNTAX_RID,  /* a requester ID of 16 bits as a number                      */
	SYNTAX_IS,   /* the key alone means `value`                                */
};

/* Keys are found whatever their case is; a blank stands for any blanks. */
struct decode_rule {
	const char *key;
	uint8_t field, syntax;
	uint8_t value;
};

enum decode_prefix {
	PREFIX_NONE,
	PREFIX_REQUESTER, /* "driver 0000:00:02.0: " stands before the anchor */
	PREFIX_UNIT,      /* "driver name: " stands there, of the IOMMU       */
};

struct decode_format {
	const char *anchor;
	uint8_t kind, class, prefix;
	bool part;       /* goes on with a message, if one is open that lacks it           */
	bool echoes;     /* belongs to it also if it says nothing new                      */
	bool repeats;    /* each line of this format has the next of some fields           */
	uint32_t wanted; /* fields without which the message is not whole                  */
	const char *what;
	/* Instead of finding the anchor; NULL: that decides */
	bool (*is)(const char *text);
};

struct decode_event;

struct decode_arch {
	const char *name, *title;
	const struct decode_format *formats;
	const struct decode_rule *rules;
	size_t format_count, rule_count;
	/* More fields than rules can find; may be NULL. */
	void (*collect)(struct decode_event *event);
	/* Once all of the message is there: code, name, class.  May be NULL. */
	void (*interpret)(struct decode_event *event);
};

extern const struct decode_arch decode_vtd, decode_amd, decode_smmu3, decode_smmu2, decode_riscv,
	decode_virtio, decode_other;

/* One message. */
struct decode_event {
	const struct decode_arch *arch;
	const struct decode_format *format;
	unsigned long first_line, last_line;
	char time[DECODE_WORD];
	char driver[DECODE_WORD], unit[DECODE_WORD];
	uint32_t have; /* FIELD_BIT of each */
	uint64_t value[FIELDS];
	uint8_t kind, class;
	const char *name; /* of the code, or what happened */
	char more[160];   /* said behind it                */
	size_t len;
	char text[DECODE_TEXT];
};

static inline bool decode_has(const struct decode_event *e, enum decode_field field)
{
	return e->have & FIELD_BIT(field);
}

static inline void decode_set(struct decode_event *e, enum decode_field field, uint64_t value)
{
	e->have |= FIELD_BIT(field);
	e->value[field] = value;
}

/* ---- decode_match.c: text */

/* Where `key` ends in the text, or NULL; `bound`: it must not begin inside a word. */
const char *decode_find(const char *text, const char *key, bool bound);
/* Both leave *at behind what they took; false: it is not that, or not all of it can be read. */
bool decode_number(const char **at, bool hex, uint64_t *value);
bool decode_pci(const char **at, uint64_t *value);
/* The architecture and the format of a line; false: it is none. */
bool decode_identify(const char *text, const struct decode_arch **arch,
                     const struct decode_format **format);
/* Finds all fields of e->text. */
void decode_parse(struct decode_event *e);
/* The time that the line begins with, as it stands there; or nothing. */
void decode_time(const char *line, char time[DECODE_WORD]);

/* ---- decode_group.c: lines become messages */

struct decode_sink {
	/* A message is whole. */
	void (*event)(void *opaque, const struct decode_event *event);
	/* A line, as it is; messages that are told later may have begun before it.  May be NULL. */
	void (*line)(void *opaque, const char *line, size_t len);
	void *opaque;
};

struct decode_group {
	const struct decode_sink *sink;
	bool open;
	unsigned foreign; /* lines since the open message's latest */
	unsigned long line, recognised;
	struct decode_event event, next;
};

/* `len` bytes, the end of the line among them if it was read; `whole`: it is not the rest of a line. */
void decode_line(struct decode_group *g, const char *line, size_t len, bool whole);
void decode_end(struct decode_group *g);
/* Everything that `input` holds; false: it cannot be read. */
bool decode_stream(struct decode_group *g, FILE *input);

/* ---- decode_words.c: what messages are called */

enum decode_form { FORM_HEX, FORM_DECIMAL, FORM_PCI, FORM_ACCESS };

struct decode_field_name {
	const char *name; /* NULL: of no interest to anyone else */
	uint8_t form;
};

extern const struct decode_field_name decode_field_names[FIELDS];
extern const char *const decode_kind_names[KINDS];

/* The value of a field as people write it. */
const char *decode_value(const struct decode_event *e, enum decode_field field, char *room,
                         size_t size);
/* Who asked, in words: "0000:00:02.0", "stream 0x100"; "" if nobody is named. */
const char *decode_who(const struct decode_event *e, char *room, size_t size);
/* One sentence on the message. */
void decode_sentence(const struct decode_event *e, char *room, size_t size);
/* What is special about the address, or NULL. */
const char *decode_hint(const struct decode_event *e);

/* ---- The three ways to write it */

/* Memory that devices of the firmware use, as the log says. */
struct decode_region {
	uint64_t first, last;
	unsigned long line;
};

#define DECODE_REGIONS 32

struct decode_text {
	unsigned long told[CLASSES]; /* the line at which a class was explained */
	struct decode_region regions[DECODE_REGIONS];
	unsigned region_count;
	bool broken; /* the latest line had no end */
	bool colours;
};

struct decode_summary;
struct table_out;

void text_event(void *opaque, const struct decode_event *e); /* struct decode_text */
void text_line(void *opaque, const char *line, size_t len);
/* A field, unless the text is NULL or empty. */
void json_text(struct table_out *out, const char *name, const char *text);
void json_event(void *opaque, const struct decode_event *e); /* nothing */

/* NULL: no memory is left. */
struct decode_summary *summary_create(void);
void summary_event(void *opaque, const struct decode_event *e); /* struct decode_summary */
void summary_print(struct decode_summary *s, bool json, bool colours);
void summary_free(struct decode_summary *s);

#endif
