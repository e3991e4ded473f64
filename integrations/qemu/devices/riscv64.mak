# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The iommux authors
CONFIG_RISCV_VIRT=y
