/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * A refusal, as a value: what stood in the way and why.  It travels back from wherever it was met;
 * one place per architecture gives it a code, decides whether it is recorded, and in which form.
 */
#ifndef MODEL_FAULT_H
#define MODEL_FAULT_H

#include "pt/pt.h"

enum iom_where {
	IOM_WHERE_UNIT,    /* the unit is off: nothing passes             */
	IOM_WHERE_TYPE,    /* this kind of request is not allowed         */
	IOM_WHERE_DEVICE,  /* the device's directory or its context       */
	IOM_WHERE_PROCESS, /* the process directory or the process's own  */
	IOM_WHERE_STAGE1,  /* first-stage page tables                     */
	IOM_WHERE_STAGE2,  /* second-stage page tables                    */
	IOM_WHERE_MSI,     /* MSI page tables                             */
	IOM_WHERE_MRIF,    /* an interrupt file in memory                 */
	IOM_WHERES,
};

struct iom_fault {
	uint64_t gpa;     /* IOM_WHERE_STAGE2: what it was asked to translate; VT-d, of an */
			  /* interrupt: its index                                          */
	uint8_t where;    /* enum iom_where                                        */
	uint8_t why;      /* enum pt_why; without meaning for UNIT and TYPE        */
	uint8_t hole_lg2; /* the naturally aligned 2^hole_lg2 bytes around the request's address */
			  /* meet the same refusal; 0 if nobody knows: at least a page            */
	bool implicit;    /* IOM_WHERE_STAGE2: asked on behalf of a table's entry  */
	bool implicit_write; /* ... which was to be changed, not read              */
	bool quiet;          /* the device's context wants translation faults unsaid  */
	uint8_t code; /* the architecture's own number, where it is found with the fault; else 0 */
};

#endif
