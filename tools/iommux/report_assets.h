/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* The files of report/, as report/embed.py turns them into C when the tool is built. */
#ifndef IOMMUX_REPORT_ASSETS_H
#define IOMMUX_REPORT_ASSETS_H

extern const char report_page_html[], report_unit_html[], report_style_css[], report_report_js[];

/* "sha256-..." of script and style, as a page's policy names them. */
extern const char report_style_css_sha256[], report_report_js_sha256[];

#endif
