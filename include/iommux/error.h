/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * What a call returns, and the sentence that explains a refusal.
 *
 * Every function of the library that can fail returns an int: IOM_OK, or one of the negative
 * codes below.  A call that fails has changed nothing, unless its own comment says otherwise.
 */
#ifndef IOMMUX_ERROR_H
#define IOMMUX_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_OK 0
#define IOM_EINVAL (-1)    /* an argument is outside its range, or contradicts another      */
#define IOM_ENOMEM (-2)    /* the allocator had nothing left                                */
#define IOM_ENOTSUP (-3)   /* a legal wish that this build or this hardware cannot fulfil   */
#define IOM_EBUSY (-4)     /* the object is in use; ask again when it is not                */
#define IOM_ENOENT (-5)    /* nothing there: no such mapping, region or endpoint            */
#define IOM_EEXIST (-6)    /* something is there already                                    */
#define IOM_ENOSPC (-7)    /* a bounded table is full                                       */
#define IOM_EFAULT (-8)    /* memory, the bus or a translation refused the access           */
#define IOM_EPOISON (-9)   /* memory answered with data that it knows to be corrupt         */
#define IOM_ETIMEOUT (-10) /* hardware did not answer in time                              */
#define IOM_EIO (-11)      /* hardware answered, but not as its manual says                 */

/*
 * Filled by constructors that refuse: what was wrong, where, and what would be right.  The text
 * is one English sentence without a newline, always terminated, cut if it would not fit.
 */
struct iom_error {
	int code;       /* the value that the call returned */
	char text[252]; /* the sentence; empty after a call that succeeded */
};

/*
 * A short phrase for a return value ("out of memory"), never NULL, also for values that the
 * library does not know.  May be called at any time, from any thread; the text is constant.
 */
const char *iom_strerror(int code);

#ifdef __cplusplus
}
#endif
#endif
