/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What threads share.  A lock is held for a few stores and never across a callback, so that nobody
 * waits behind an embedder's own lock.  Words that are read without the lock are read and written
 * by iom_peek and iom_poke, in one piece.
 */
#ifndef MODEL_SYNC_H
#define MODEL_SYNC_H

#include <stdbool.h>
#include <stdint.h>

struct iom_lock {
	uint32_t taken;
};

static inline void iom_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline bool iom_trylock(struct iom_lock *lock)
{
	/* Releases too, so that compilers leave what comes before where it is: iom_locked_fence. */
	return !__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQ_REL);
}

static inline void iom_lock(struct iom_lock *lock)
{
	while (!iom_trylock(lock)) {
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			iom_pause();
	}
}

static inline void iom_unlock(struct iom_lock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#define iom_peek(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define iom_poke(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define iom_peek_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)

/*
 * After a lock was taken: what this thread stored before is seen by others before it loads anything
 * more.  Taking it was a full barrier on x86.
 */
static inline void iom_locked_fence(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Stores a word so that no later load passes it: an exchange does that on x86, at half the price. */
static inline void iom_announce(uint32_t *p, uint32_t v)
{
#if defined(__x86_64__) || defined(__i386__)
	__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);
#else
	iom_poke(p, v);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * A sequence count around fields that one writer at a time changes and readers copy: odd while they
 * change.  A reader takes the count, copies by iom_peek, and keeps the copy if the count is still
 * the same.
 */
static inline void iom_seq_begin(uint32_t *seq)
{
	iom_poke(seq, iom_peek(seq) + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void iom_seq_end(uint32_t *seq)
{
	__atomic_store_n(seq, iom_peek(seq) + 1, __ATOMIC_RELEASE);
}

static inline bool iom_seq_same(const uint32_t *seq, uint32_t was)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(was & 1) && iom_peek(seq) == was;
}

#endif
