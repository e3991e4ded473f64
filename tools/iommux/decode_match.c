/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Formats and fields in a text. */
#include <string.h>

#include "decode.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

/* The value of a hexadecimal digit, or -1 */
static int digit(char c)
{
	if (is_digit(c))
		return c - '0';
	return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}

static const char *skip_blanks(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* ---- Keys and values ----------------------------------------------------------------------------- */

static const char *match_here(const char *at, const char *key)
{
	for (; *key; key++) {
		if (*key == ' ') {
			if (*at != ' ')
				return NULL;
			at = skip_blanks(at);
		} else if (lower(*at++) != lower(*key)) {
			return NULL;
		}
	}
	return at;
}

const char *decode_find(const char *text, const char *key, bool bound)
{
	const char first = lower(*key);

	for (const char *at = text; *at; at++) {
		const char *end;

		if (lower(*at) != first ||
		    (bound && at != text && is_word(at[-1]) && is_word(*key)))
			continue;
		end = match_here(at, key);
		if (end)
			return end;
	}
	return NULL;
}

static bool skip_0x(const char **at)
{
	if ((*at)[0] != '0' || lower((*at)[1]) != 'x')
		return false;
	*at += 2;
	return true;
}

bool decode_number(const char **at, bool hex, uint64_t *value)
{
	const char *c = *at;
	const unsigned base = skip_0x(&c) || hex ? 16 : 10;
	const char *first = c;
	uint64_t n = 0;

	for (; digit(*c) >= 0 && (unsigned)digit(*c) < base; c++) {
		if (n > (UINT64_MAX - (unsigned)digit(*c)) / base)
			return false;
		n = n * base + (unsigned)digit(*c);
	}
	/* "ffxxxxxx": someone did not want to say. */
	if (c == first || is_word(*c))
		return false;
	*value = n;
	*at = c;
	return true;
}

bool decode_pci(const char **at, uint64_t *value)
{
	const char *c = *at;
	uint64_t part[4];
	unsigned n = 0;

	for (;;) {
		skip_0x(&c);
		part[n] = 0;
		if (digit(*c) < 0)
			return false;
		for (; digit(*c) >= 0 && part[n] < 0x10000000; c++)
			part[n] = part[n] << 4 | (unsigned)digit(*c);
		if (++n == 4 || (*c != ':' && *c != '.') || digit(c[1]) < 0)
			break;
		c++;
	}
	if (n < 3 || is_word(*c) || part[n - 3] > 0xff || part[n - 2] > 0x1f || part[n - 1] > 7)
		return false;
	*value = part[n - 3] << 8 | part[n - 2] << 3 | part[n - 1];
	if (n == 4)
		*value |= part[0] << 16;
	*at = c;
	return true;
}

static bool take_value(const char *at, const struct decode_rule *rule, uint64_t *value)
{
	if (rule->syntax == SYNTAX_IS) {
		*value = rule->value;
		return true;
	}
	while (*at && strchr(" =:[(#\"", *at))
		at++;
	switch (rule->syntax) {
	case SYNTAX_PCI:
		return decode_pci(&at, value);
	case SYNTAX_RID:
		return decode_number(&at, true, value) && *value <= 0xffff;
	default:
		return decode_number(&at, rule->syntax == SYNTAX_HEX, value);
	}
}

static void apply(struct decode_event *e, const struct decode_rule *rule)
{
	uint64_t value;

	if (decode_has(e, rule->field))
		return;
	for (const char *at = e->text; (at = decode_find(at, rule->key, true)) != NULL;) {
		if (take_value(at, rule, &value)) {
			decode_set(e, rule->field, value);
			return;
		}
	}
}

/* ---- What stands before the anchor --------------------------------------------------------------- */

static bool ends_in(const char *text, size_t len, const char *end)
{
	const size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

/* The word that ends at `len`; takes it off. */
static size_t last_word(const char *text, size_t *len, char word[DECODE_WORD])
{
	size_t end, n;

	while (*len && text[*len - 1] == ' ')
		(*len)--;
	end = *len;
	while (*len && text[*len - 1] != ' ' && text[*len - 1] != ']')
		(*len)--;
	n = end - *len;
	if (n >= DECODE_WORD)
		n = 0;
	memcpy(word, text + *len, n);
	word[n] = '\0';
	return n;
}

static void parse_prefix(struct decode_event *e, size_t len)
{
	static const char *const names[] = { "AMD-Vi:", "AMD-VI:", "DMAR:" };
	char word[DECODE_WORD];
	const char *at = word;
	uint64_t who;
	size_t n;

	while (len && (e->text[len - 1] == ' ' || e->text[len - 1] == '['))
		len--;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (ends_in(e->text, len, names[i]))
			len -= strlen(names[i]);
	}
	n = last_word(e->text, &len, word);
	if (n < 2 || word[n - 1] != ':')
		return;
	word[n - 1] = '\0';
	if (!strcmp(word, "kernel"))
		return;
	if (e->format->prefix == PREFIX_UNIT || !strncmp(word, "ivhd", 4)) {
		memcpy(e->unit, word, n);
	} else if (decode_pci(&at, &who) && !*at) {
		if (!decode_has(e, FIELD_REQUESTER))
			decode_set(e, FIELD_REQUESTER, who);
		last_word(e->text, &len, e->driver);
	} else {
		memcpy(e->driver, word, n);
	}
}

/* ---- Lines ------------------------------------------------------------------------------------------ */

static const struct decode_arch *const archs[] = {
	&decode_vtd,   &decode_amd,    &decode_smmu3, &decode_smmu2,
	&decode_riscv, &decode_virtio, &decode_other,
};

static bool is_format(const char *text, const struct decode_format *format)
{
	return format->is ? format->is(text) : decode_find(text, format->anchor, false) != NULL;
}

bool decode_identify(const char *text, const struct decode_arch **arch,
                     const struct decode_format **format)
{
	/* What begins a message says more than what goes on with one. */
	for (unsigned part = 0; part < 2; part++) {
		for (size_t a = 0; a < sizeof archs / sizeof archs[0]; a++) {
			for (size_t f = 0; f < archs[a]->format_count; f++) {
				*arch = archs[a];
				*format = &archs[a]->formats[f];
				if ((*format)->part == part && is_format(text, *format))
					return true;
			}
		}
	}
	return false;
}

void decode_parse(struct decode_event *e)
{
	e->have = 0;
	e->driver[0] = e->unit[0] = '\0';
	for (size_t i = 0; i < e->arch->rule_count; i++)
		apply(e, &e->arch->rules[i]);
	if (e->arch->collect)
		e->arch->collect(e);
	if (e->format->prefix != PREFIX_NONE && e->format->anchor) {
		const char *end = decode_find(e->text, e->format->anchor, false);

		/* Blanks of the text may be more than the anchor's: look from the front. */
		for (const char *at = e->text; end && at < end; at++) {
			if (match_here(at, e->format->anchor) == end) {
				parse_prefix(e, (size_t)(at - e->text));
				break;
			}
		}
	}
}

/* ---- Times ------------------------------------------------------------------------------------------ */

static void put_time(char time[DECODE_WORD], const char *from, size_t len)
{
	while (len && (*from == ' ' || (unsigned char)*from >= 0x80)) {
		from++;
		len--;
	}
	while (len && (from[len - 1] == ':' || from[len - 1] == ' '))
		len--;
	if (len >= DECODE_WORD)
		return;
	memcpy(time, from, len);
	time[len] = '\0';
}

/* Up to the last character that a date or a time can have */
static size_t date_length(const char *at)
{
	size_t len = strspn(at, "0123456789-:.T+Z");

	if (at[len] == ' ' && len == 10 && strspn(at + len + 1, "0123456789:.") >= 8)
		len += 1 + strspn(at + len + 1, "0123456789:.");
	return len;
}

void decode_time(const char *line, char time[DECODE_WORD])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *end;
	size_t len;

	time[0] = '\0';
	while (*line && strchr(" >|", *line))
		line++;
	if (!strncmp(line, "(XEN) ", 6))
		line = skip_blanks(line + 6);
	if (!strncmp(line, "kernel: ", 8))
		line += 8;
	if (*line == '[') {
		end = strchr(line, ']');
		if (end && strpbrk(line, "0123456789") < end && strpbrk(line, ".:") < end)
			put_time(time, line + 1, (size_t)(end - line - 1));
		return;
	}
	for (const char *m = months; *m; m += 3) {
		if (!strncmp(line, m, 3) && line[3] == ' ') {
			len = 4 + strspn(line + 4, " 0123456789:.");
			put_time(time, line, len);
			return;
		}
	}
	len = is_digit(*line) ? date_length(line) : 0;
	if (len >= 8 && memchr(line, ':', len) && (line[len] == ' ' || !line[len]))
		put_time(time, line, len);
}
