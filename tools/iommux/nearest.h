/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The word that a mistyped one was probably meant to be. */
#ifndef IOMMUX_NEAREST_H
#define IOMMUX_NEAREST_H

struct nearest {
	const char *word; /* what was typed                             */
	const char *best; /* the nearest so far, or NULL: none is near   */
	unsigned distance;
};

/* Begins a search, then offers it one candidate after the other; they must outlive it. */
void nearest_begin(struct nearest *search, const char *word);
void nearest_offer(struct nearest *search, const char *candidate);

#endif
