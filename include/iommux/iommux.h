/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The model side in one include: IOMMUs for programs that emulate machines.  The software side, for
 * kernels, is os.h.
 */
#ifndef IOMMUX_IOMMUX_H
#define IOMMUX_IOMMUX_H

#include <iommux/atc.h>
#include <iommux/backend.h>
#include <iommux/endpoint.h>
#include <iommux/error.h>
#include <iommux/host.h>
#include <iommux/lane.h>
#include <iommux/interrupt.h>
#include <iommux/memory.h>
#include <iommux/message.h>
#include <iommux/observe.h>
#include <iommux/port.h>
#include <iommux/reply.h>
#include <iommux/request.h>
#include <iommux/riscv.h>
#include <iommux/snapshot.h>
#include <iommux/unit.h>
#include <iommux/vtd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_VERSION_MAJOR 0
#define IOM_VERSION_MINOR 1
#define IOM_VERSION_PATCH 0

/* The version of the library that is linked, "0.1.0"; constant. */
const char *iom_version(void);

#ifdef __cplusplus
}
#endif
#endif
