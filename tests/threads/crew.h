/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Threads for tests.  A thread must not use CHECK, which jumps; it uses WRONG, and the test looks
 * afterwards.
 */
#ifndef TESTS_THREADS_CREW_H
#define TESTS_THREADS_CREW_H

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../test.h"

#if defined(__SANITIZE_THREAD__)
#define CREW_MS 5000
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CREW_MS 5000
#endif
#endif
#ifndef CREW_MS
#define CREW_MS 400
#endif

/* Nothing here may hang; who does is ended by a signal. */
#define CREW_HUNG_S 120

#define CREW_MAX 24

struct crew {
	pthread_t thread[CREW_MAX];
	unsigned count;
	bool stop;
	int wrong; /* the line of the first WRONG */
};

struct hand {
	struct crew *crew;
	void *what; /* the test's own */
	unsigned number;
	uint64_t state;
};

#define WRONG(crew, condition)                                                                     \
	do {                                                                                       \
		int none_ = 0;                                                                     \
		if (condition)                                                                     \
			__atomic_compare_exchange_n(&(crew)->wrong, &none_, __LINE__, false,       \
			                            __ATOMIC_RELAXED, __ATOMIC_RELAXED);           \
	} while (0)

static inline bool crew_goes_on(const struct crew *crew)
{
	return !__atomic_load_n(&crew->stop, __ATOMIC_RELAXED);
}

static inline uint32_t hand_below(struct hand *h, uint32_t n)
{
	h->state ^= h->state << 13;
	h->state ^= h->state >> 7;
	h->state ^= h->state << 17;
	return (uint32_t)(h->state >> 32) % n;
}

static inline void crew_hire(struct crew *crew, struct hand *hand, void *(*run)(void *), void *what)
{
	hand->crew = crew;
	hand->what = what;
	hand->number = crew->count;
	hand->state = 0x5eed0000 + crew->count;
	CHECK(crew->count < CREW_MAX);
	CHECK_EQ(pthread_create(&crew->thread[crew->count++], NULL, run, hand), 0);
}

static inline void crew_stop(struct crew *crew)
{
	__atomic_store_n(&crew->stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < crew->count; i++)
		pthread_join(crew->thread[i], NULL);
	CHECK_MSG(!crew->wrong, "a thread found something wrong in line %d", crew->wrong);
}

static inline uint64_t crew_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
