/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Options that say which scene is meant. */
#include "scene_option.h"

#include "complain.h"
#include "device_number.h"
#include "verbs.h"

int scene_option_number(const struct scene_spec *spec, const char *option, const char *value,
                        uint64_t last, uint64_t *number, const char *what)
{
	if (!option_number(value, number) || *number > last)
		return complain("%s: %s %s must be %s", spec->verb, option, value, what);
	return EXIT_HELD;
}

int scene_set_at(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_at = true;
	if (!option_number(value, &spec->at) || !spec->at)
		return complain("%s: --at %s must be the number of a step, from 1 on", spec->verb,
		                value);
	return EXIT_HELD;
}

int scene_set_event(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_event = true;
	return scene_option_number(spec, "--event", value, UINT64_MAX, &spec->event,
	                           "the number of an event");
}

int scene_set_unit(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_unit = true;
	return scene_option_number(spec, "--unit", value, UINT32_MAX, &spec->unit,
	                           "the number of an IOMMU");
}

int scene_set_arch(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_arch = true;
	spec->arch = machine_arch_find(value);
	return EXIT_HELD;
}

int scene_set_seed(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_seed = true;
	return scene_option_number(spec, "--seed", value, UINT64_MAX, &spec->seed,
	                           "a whole number from 0 to 2^64 - 1");
}

int scene_set_root(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_root = true;
	return scene_option_number(spec, "--root", value, UINT64_MAX, &spec->root,
	                           "what is in a register");
}

int scene_set_irta(void *opaque, const char *value)
{
	struct scene_spec *spec = opaque;

	spec->has_irta = true;
	return scene_option_number(spec, "--irta", value, UINT64_MAX, &spec->irta,
	                           "what is in a register");
}

int scene_option_device(const struct scene_spec *spec, const char *value, uint32_t *device)
{
	if (!device_number(value, device))
		return complain("%s: --device %s must be BUS:DEVICE.FUNCTION, as 01:00.0 or "
		                "0000:01:00.0, or a number, as 0x100",
		                spec->verb, value);
	return EXIT_HELD;
}

int scene_option_pasid(const struct scene_spec *spec, const char *value, uint32_t *pasid)
{
	uint64_t number = 0;
	int status = scene_option_number(spec, "--pasid", value, 0xfffff, &number,
	                                 "a number up to 0xfffff");

	*pasid = (uint32_t)number;
	return status;
}

bool scene_option_given(const struct scene_spec *spec)
{
	return spec->has_at || spec->has_unit || spec->has_seed || spec->has_arch || spec->core;
}
