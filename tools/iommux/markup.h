/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Text from elsewhere inside of HTML, SVG and JSON: nothing in it becomes markup. */
#ifndef IOMMUX_MARKUP_H
#define IOMMUX_MARKUP_H

#include <stdio.h>

/* As text or as an attribute's value; what is no printable ASCII becomes '?'. */
void markup_text(const char *text, FILE *to);

/* As a string of JSON, with its quotes, which may also stand inside of a script element. */
void markup_json(const char *text, FILE *to);

#endif
