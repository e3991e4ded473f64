/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Blocks of a trace file: 16 bytes that say what follows, and compressed bytes. */
#ifndef TRACE_BLOCK_H
#define TRACE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC_BYTES 8u
#define TRACE_PREFIX_BYTES 12u /* the magic, and the version */
#define TRACE_BLOCK_BYTES 16u  /* tag, stored bytes, raw bytes, checksum */

/* What a trace begins with: no text is like it, and a copy as text does not keep it. */
static const uint8_t trace_magic[TRACE_MAGIC_BYTES] = { 0xfe, 'i', 'o', 'm', 'm', 'u', 'x', '\n' };

#define TRACE_TAG_HEADER UINT32_C(0x44414548)   /* "HEAD" */
#define TRACE_TAG_EVENTS UINT32_C(0x544e5645)   /* "EVNT" */
#define TRACE_TAG_END UINT32_C(0x53444e45)      /* "ENDS" */
#define TRACE_TAG_SNAPSHOT UINT32_C(0x50414e53) /* "SNAP", in the place of HEAD */
#define TRACE_TAG_MEMORY UINT32_C(0x4f4d454d)   /* "MEMO" */

/* What stands before the bytes of a piece of memory: address, length, are there bytes. */
#define TRACE_PIECE_BYTES 17u
#define TRACE_SNAPSHOT_PARTIAL 0x1u /* flags of a snapshot */

/* A block is written when it has so many bytes; an event's data make it larger than that. */
#define TRACE_BLOCK_GOAL (UINT32_C(256) << 10)
#define TRACE_DATA_BYTES_MAX (UINT32_C(4) << 20)
#define TRACE_RAW_MAX (UINT32_C(8) << 20)

/* Calls inside calls. */
#define TRACE_DEPTH_MAX 64u

static inline void trace_st32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline uint32_t trace_ld32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void trace_st64(uint8_t *p, uint64_t v)
{
	trace_st32(p, (uint32_t)v);
	trace_st32(p + 4, (uint32_t)(v >> 32));
}

static inline uint64_t trace_ld64(const uint8_t *p)
{
	return trace_ld32(p) | (uint64_t)trace_ld32(p + 4) << 32;
}

/* CRC-32 (IEEE 802.3) of more bytes; begins with 0. */
static inline uint32_t trace_crc(uint32_t crc, const uint8_t *bytes, size_t size)
{
	/* Of each half byte. */
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

#endif
