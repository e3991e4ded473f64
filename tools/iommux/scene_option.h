/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * Options that say which scene is meant, the same for all verbs that look at one.  What option_take_all
 * fills begins with its `struct scene_spec`.
 */
#ifndef IOMMUX_SCENE_OPTION_H
#define IOMMUX_SCENE_OPTION_H

#include "option.h"
#include "scene.h"

/* Rows of a verb's table: the moment of a scenario or a trace. */
/* clang-format off */
#define SCENE_MOMENT_OPTIONS                                                                       \
	{ "--at", "STEP",                                                                          \
	  "Of a scenario: when it has told so many titles, lines and checks, which 'iommux run "   \
	  "--steps' numbers.",                                                                     \
	  .set = scene_set_at },                                                                   \
	{ "--event", "N",                                                                          \
	  "Of a trace: before the outermost call that event N belongs to.", .set = scene_set_event }, \
	{ "--unit", "N",                                                                           \
	  "Of a scenario: its IOMMU N, counted from 0 in the order in which they are made; by "    \
	  "default the first that has met the device.",                                            \
	  .set = scene_set_unit },                                                                 \
	{ "--arch", "riscv|vtd", "Of a scenario or --core: the kind of IOMMU.",                    \
	  .set = scene_set_arch },                                                                 \
	{ "--seed", "NUMBER", "Of a scenario: as of 'iommux run'.", .set = scene_set_seed }

/* And the memory of a machine, whose IOMMU's registers the user tells. */
#define SCENE_CORE_OPTIONS                                                                         \
	{ "--core", "FILE",                                                                        \
	  "Instead of a snapshot, the memory of a machine: an ELF core, as /proc/vmcore is, or as " \
	  "QEMU's dump-guest-memory writes it.",                                                   \
	  .place = offsetof(struct scene_spec, core), .files = "*" },                              \
	{ "--root", "VALUE",                                                                       \
	  "Of --core: what the register has that leads to the tables, with its mode: RTADDR with " \
	  "VT-d, ddtp with RISC-V.",                                                               \
	  .set = scene_set_root },                                                                 \
	{ "--irta", "VALUE", "Of --core with VT-d: the same of interrupts, the register IRTA.",    \
	  .set = scene_set_irta }
/* clang-format on */

int scene_set_at(void *opaque, const char *value);
int scene_set_event(void *opaque, const char *value);
int scene_set_unit(void *opaque, const char *value);
int scene_set_arch(void *opaque, const char *value);
int scene_set_seed(void *opaque, const char *value);
int scene_set_root(void *opaque, const char *value);
int scene_set_irta(void *opaque, const char *value);

/* Values of a verb's own options; return exit statuses, and have complained of what is none. */
int scene_option_device(const struct scene_spec *spec, const char *value, uint32_t *device);
int scene_option_pasid(const struct scene_spec *spec, const char *value, uint32_t *pasid);
/* `what` says which number the option's value must be. */
int scene_option_number(const struct scene_spec *spec, const char *option, const char *value,
                        uint64_t last, uint64_t *number, const char *what);

/* Does the command line say that FILE is a scenario, or that a core is meant instead? */
bool scene_option_given(const struct scene_spec *spec);

#endif
