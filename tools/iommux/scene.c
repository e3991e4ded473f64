/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* A scene: the copy of a unit over memory that stays as it is. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "file.h"
#include "verbs.h"

/* ---- Memory ------------------------------------------------------------------------------------ */

static int read_word(const struct scene *s, uint64_t spa, uint8_t word[SPARSE_WORD])
{
	int result;

	if (sparse_get(&s->over, spa, word) || sparse_get(&s->known, spa, word))
		return IOM_OK;
	if (s->fetch) {
		result = s->fetch(s->opaque, spa, word, SPARSE_WORD);
		if (!result)
			return IOM_OK;
	}
	return s->header.partial ? SCENE_UNKNOWN : IOM_EFAULT;
}

int scene_read(const struct scene *s, uint64_t spa, void *buf, size_t size)
{
	uint8_t *to = buf, word[SPARSE_WORD];

	while (size) {
		size_t at = (size_t)(spa % SPARSE_WORD);
		size_t n = SPARSE_WORD - at < size ? SPARSE_WORD - at : size;
		int result = read_word(s, spa - at, word);

		if (result)
			return result;
		memcpy(to, word + at, n);
		spa += n;
		to += n;
		size -= n;
	}
	return IOM_OK;
}

static int memory_read(void *opaque, uint64_t spa, void *buf, size_t len)
{
	struct scene *s = opaque;
	int result = scene_read(s, spa, buf, len);

	if (result == SCENE_UNKNOWN && !s->missing) {
		s->missing = true;
		s->missing_spa = spa;
	}
	return result ? IOM_EFAULT : IOM_OK;
}

/* Where there is no memory, a message may go: somebody takes it. */
static int memory_write(void *opaque, uint64_t spa, const void *buf, size_t len)
{
	struct scene *s = opaque;
	uint8_t words[2 * SPARSE_WORD];
	uint64_t first = spa - spa % SPARSE_WORD,
		 last = (spa + len - 1) / SPARSE_WORD * SPARSE_WORD;

	/* Words that are stored to in part become known as a whole. */
	if (!scene_read(s, first, words, SPARSE_WORD) &&
	    !sparse_put(&s->over, first, words, SPARSE_WORD))
		return IOM_EFAULT;
	if (!scene_read(s, last, words, SPARSE_WORD) &&
	    !sparse_put(&s->over, last, words, SPARSE_WORD))
		return IOM_EFAULT;
	return sparse_put(&s->over, spa, buf, len) ? IOM_OK : IOM_EFAULT;
}

static int host_msi(void *opaque, uint64_t address, uint32_t data)
{
	(void)opaque, (void)address, (void)data;
	return IOM_OK;
}

/* ---- Asking a live unit ------------------------------------------------------------------------ */

static void on_own(void *opaque, uint32_t requester, const struct iom_own_access *access)
{
	struct scene_warm *w = opaque;

	if (requester == UINT32_MAX || access->write)
		return;
	if (w->count == w->room) {
		size_t room = w->room ? 2 * w->room : 32;
		struct scene_read *reads = realloc(w->reads, room * sizeof *reads);

		if (!reads) {
			w->short_of_memory = true;
			return;
		}
		w->reads = reads;
		w->room = room;
	}
	w->reads[w->count++] = (struct scene_read){ access->spa, access->bytes, access->of };
}

static int probe(struct iom_unit *unit, struct iom_endpoint *endpoint,
                 const struct scene_question *q, struct scene_warm *w)
{
	struct iom_request request = q->request;
	struct iom_port *port;
	struct iom_lane *lane;
	int result;

	if (q->interrupt)
		return iom_msi_translate(endpoint, q->request.iova, q->data, &w->route, &w->reply);
	result = iom_lane_open(unit, &lane);
	if (result)
		return result;
	result = iom_port_open(endpoint, lane, &port);
	if (!result) {
		request.flags |= IOM_REQ_PROBE;
		iom_begin(lane);
		result = iom_translate(port, &request, &w->reply);
		iom_end(lane);
	}
	iom_lane_close(lane);
	return result;
}

int scene_ask(struct iom_unit *unit, const struct scene_question *q, struct scene_warm *w)
{
	static const struct iom_observer observer = { .bytes = sizeof observer, .own = on_own };
	struct iom_endpoint *endpoint;
	int result = iom_endpoint_get(unit, q->requester, &endpoint);

	if (result)
		return result;
	(void)iom_observe(unit, &observer, w);
	w->result = probe(unit, endpoint, q, w);
	w->routed = q->interrupt && !w->result;
	(void)iom_observe(unit, NULL, NULL);
	/* A unit that is stopped, as with its virtual machine, answers nobody. */
	w->asked = !w->short_of_memory && w->result != IOM_EBUSY;
	return w->short_of_memory ? IOM_ENOMEM : IOM_OK;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

int scene_learn(void *opaque, uint64_t address, uint64_t bytes, const void *data)
{
	struct scene *s = opaque;

	if (data ? !sparse_put(&s->known, address, data, (size_t)bytes)
	         : !sparse_clear(&s->known, address, bytes))
		return IOM_ENOMEM;
	return IOM_OK;
}

/* The copy: what waits in it is carried out as it would be, on the scene's own pages. */
static int make_unit(struct scene *s, struct iom_error *error)
{
	static const struct iom_memory_ops ops = {
		.bytes = sizeof ops,
		.read = memory_read,
		.write = memory_write,
	};
	static const struct iom_host host = { .bytes = sizeof host, .msi = host_msi };
	int result = iom_memory_new(&ops, s, &s->memory, error);

	if (!result)
		result = trace_config_make(&s->header, s->memory, &host, s, &s->unit, error);
	if (!result && s->header.state)
		result = iom_unit_load(s->unit, s->header.state, s->header.state_bytes, error);
	s->missing = false;
	return result;
}

static int from_file(const struct scene_spec *spec, const struct scene_question *question,
                     struct scene *s)
{
	uint8_t first[TRACE_FILE_LOOK];
	const char *why;
	uint64_t bytes;
	size_t got;
	FILE *file = file_open(spec->path, &bytes, &why);

	if (!file)
		return complain("%s: %s cannot be read: %s", spec->verb, spec->path, why);
	got = fread(first, 1, sizeof first, file);
	fclose(file);
	switch (trace_file_kind(first, got)) {
	case TRACE_FILE_SNAPSHOT:
		return scene_from_snapshot(spec, s);
	case TRACE_FILE_TRACE:
		return scene_from_trace(spec, s);
	default:
		break;
	}
	if (got >= 4 && (!memcmp(first, "\177ELF", 4) || !memcmp(first, "KDUM", 4)))
		return complain("%s: %s is the memory of a machine; --core %s --root VALUE says so",
		                spec->verb, spec->path, spec->path);
	return scene_from_scenario(spec, question, s);
}

int scene_open(const struct scene_spec *spec, const struct scene_question *question,
               struct scene *s)
{
	struct iom_error error;
	int status;

	*s = (struct scene){ .missing = false };
	status = spec->core ? scene_from_core(spec, s) : from_file(spec, question, s);
	if (!status && make_unit(s, &error))
		status = complain("%s: %s: %s", spec->verb, s->name, error.text);
	if (!status && spec->core)
		status = scene_core_program(spec, s);
	if (status)
		scene_close(s);
	return status;
}

void scene_close(struct scene *s)
{
	iom_unit_free(s->unit);
	iom_memory_free(s->memory);
	if (s->fetch_end)
		s->fetch_end(s->opaque);
	sparse_free(&s->known);
	sparse_free(&s->over);
	trace_header_free(&s->header);
	free(s->warm.reads);
	*s = (struct scene){ .missing = false };
}
