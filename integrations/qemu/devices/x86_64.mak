# SPDX-License-Identifier: GPL-2.0-or-later
# SPDX-FileCopyrightText: 2026 The iommux authors
CONFIG_AMD_IOMMU=y
CONFIG_HPET=y
CONFIG_ISA_DEBUG=y
CONFIG_Q35=y
CONFIG_VTD=y
