/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Remapped interrupts of devices, as os.h offers them. */
#include "os/interrupt.h"

#include "os/driver.h"

#define VECTOR_FIRST 16u /* smaller ones are the CPU's exceptions  */
#define DESCRIPTOR_BYTES 64u

#define PER_WORD IOM_INTERRUPTS_PER_WORD

/* ---- The record ----------------------------------------------------------------------------- */

static size_t bytes_of(uint32_t count)
{
	size_t bytes = (size_t)count / PER_WORD * sizeof(struct iom_interrupt_word);

	return bytes < IOM_PAGE ? IOM_PAGE : bytes;
}

/* What a small table's only word has too many is taken, each alone. */
int iom_interrupts_new(struct iom_driver *driver, uint32_t count)
{
	struct iom_interrupts *all = &driver->interrupts;

	all->words = iom_os_alloc(driver, bytes_of(count), &all->phys);
	if (!all->words)
		return IOM_ENOMEM;
	all->count = count;
	all->words[0].taken = all->words[0].first = ~iom_low(count);
	return IOM_OK;
}

void iom_interrupts_free(struct iom_driver *driver)
{
	struct iom_interrupts *all = &driver->interrupts;

	if (all->words)
		iom_os_free(driver, all->words, all->phys, bytes_of(all->count));
	*all = (struct iom_interrupts){ 0 };
}

static struct iom_interrupt_word *word_of(const struct iom_driver *driver, uint32_t index)
{
	return &driver->interrupts.words[index / PER_WORD];
}

static uint64_t bits_of(uint32_t first, unsigned count)
{
	return iom_low(count) << first % PER_WORD;
}

static bool is_taken(const struct iom_driver *driver, uint32_t index)
{
	return index < driver->interrupts.count &&
	       word_of(driver, index)->taken & bits_of(index, 1);
}

/* The first of those that were allocated together with a taken one. */
static uint32_t first_of(const struct iom_driver *driver, uint32_t index)
{
	uint64_t firsts = word_of(driver, index)->first & iom_low(index % PER_WORD + 1);

	return index / PER_WORD * PER_WORD + iom_log2(firsts);
}

static bool can_be_count(unsigned count)
{
	return iom_is_pow2(count) && count <= PER_WORD;
}

/* Were they, and no others, allocated together? */
static bool are_together(const struct iom_driver *driver, uint32_t first, unsigned count)
{
	uint64_t bits = bits_of(first, count), more;
	const struct iom_interrupt_word *word;

	if (!can_be_count(count) || first % count || !is_taken(driver, first))
		return false;
	word = word_of(driver, first);
	/* The one behind them, unless the word ends. */
	more = (bits << 1) & ~bits;
	return (word->taken & bits) == bits && (word->first & bits) == bits_of(first, 1) &&
	       !(word->taken & ~word->first & more);
}

/* ---- What the kernel calls -------------------------------------------------------------------- */

/* Those that begin `count` free ones, and are multiples of it. */
static uint64_t free_places(uint64_t taken, unsigned count)
{
	uint64_t places = ~taken & (~UINT64_C(0) / iom_low(count));
	unsigned n;

	for (n = 1; n < count; n++)
		places &= ~(taken >> n);
	return places;
}

int iom_interrupt_alloc(struct iom_driver *driver, uint32_t requester, unsigned count,
                        uint32_t *first)
{
	const struct iom_interrupts *all = &driver->interrupts;
	uint64_t places = 0;
	uint32_t at;
	int err;

	if (!all->count)
		return IOM_ENOTSUP;
	if (!can_be_count(count))
		return IOM_EINVAL;
	for (at = 0; at < all->count && !places; at += PER_WORD)
		places = free_places(word_of(driver, at)->taken, count);
	if (!places)
		return IOM_ENOSPC;
	at += iom_ctz(places) - PER_WORD;
	err = driver->ops->interrupt_own(driver, requester, at, count);
	if (err)
		return err;
	word_of(driver, at)->taken |= bits_of(at, count);
	word_of(driver, at)->first |= bits_of(at, 1);
	*first = at;
	return IOM_OK;
}

int iom_interrupt_set(struct iom_driver *driver, uint32_t index,
                      const struct iom_interrupt_target *target)
{
	if (!is_taken(driver, index) || target->vector < VECTOR_FIRST ||
	    target->descriptor % DESCRIPTOR_BYTES || (target->descriptor && target->level))
		return IOM_EINVAL;
	return driver->ops->interrupt_set(driver, index, target);
}

int iom_interrupt_free(struct iom_driver *driver, uint32_t first, unsigned count)
{
	int err;

	if (!are_together(driver, first, count))
		return IOM_EINVAL;
	err = driver->ops->interrupt_off(driver, first, count);
	if (err)
		return err;
	word_of(driver, first)->taken &= ~bits_of(first, count);
	word_of(driver, first)->first &= ~bits_of(first, 1);
	return IOM_OK;
}

int iom_interrupt_message(const struct iom_driver *driver, uint32_t index,
                          struct iom_interrupt_message *message)
{
	if (!is_taken(driver, index))
		return IOM_EINVAL;
	*message = driver->ops->interrupt_message(first_of(driver, index), index);
	return IOM_OK;
}

int iom_interrupt_ioapic(const struct iom_driver *driver, uint32_t index, uint8_t vector,
                         bool level, bool active_low, uint64_t *entry)
{
	if (!is_taken(driver, index) || vector < VECTOR_FIRST)
		return IOM_EINVAL;
	*entry = driver->ops->interrupt_ioapic(index, vector, level, active_low);
	return IOM_OK;
}
