/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* What a replay leaves behind: a unit, and memory as it was seen. */
#include "replayed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/config.h"

/* A swap that missed has stored nothing. */
bool replayed_learn(struct sparse *memory, const struct trace_event *e)
{
	bool found = e->write && e->missed;
	const uint8_t *data = found ? e->found : e->data;
	size_t bytes = found ? e->found_bytes : e->data_bytes;

	return e->result || !data || !bytes || sparse_put(memory, e->address, data, bytes);
}

static int fail(struct iom_error *error, int code, const char *why)
{
	error->code = code;
	snprintf(error->text, sizeof error->text, "%s", why);
	return code;
}

int replayed_header(struct trace_replay *replay, struct trace_header *header,
                    struct iom_error *error)
{
	struct iom_unit *unit = trace_replay_unit(replay);
	uint8_t *state;
	size_t bytes;

	*header = *trace_replay_header(replay);
	header->state = NULL;
	header->partial = true;
	(void)iom_unit_save(unit, NULL, 0, &bytes);
	state = malloc(bytes);
	if (!state)
		return fail(error, IOM_ENOMEM, "no memory is left");
	header->state = state;
	if (!iom_unit_save(unit, state, bytes, &header->state_bytes))
		return IOM_OK;
	trace_header_free(header);
	return fail(error, IOM_EBUSY, "the unit cannot be saved there");
}

static int put_piece(void *opaque, uint64_t address, uint64_t bytes, const void *data)
{
	const struct trace_piece piece = { address, bytes, data };

	return trace_piece_write(opaque, &piece);
}

static int put(struct trace_replay *replay, const struct sparse *memory, FILE *file,
               struct iom_error *error)
{
	const struct trace_sink sink = trace_sink_of(file);
	struct trace_writer *writer;
	struct trace_header header;
	int result = replayed_header(replay, &header, error);

	if (result)
		return result;
	result = trace_snapshot_new(&sink, &header, &writer, error);
	trace_header_free(&header);
	if (result)
		return result;
	(void)sparse_each(memory, put_piece, writer);
	return trace_writer_end(writer, error);
}

int replayed_snapshot(struct trace_replay *replay, const struct sparse *memory, const char *path,
                      struct iom_error *error)
{
	FILE *file = fopen(path, "wb");
	int result;

	if (!file)
		return fail(error, IOM_EIO, strerror(errno));
	result = put(replay, memory, file, error);
	if (fclose(file) && !result)
		return fail(error, IOM_EIO, strerror(errno));
	return result;
}
