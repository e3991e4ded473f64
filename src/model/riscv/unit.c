/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/* Creating a RISC-V IOMMU: what may be configured, and what is refused. */
#include "model/riscv/riscv.h"

#include "base/error.h"
#include "model/backend.h"

/* What this model builds; nothing else is ever advertised. */
#define BUILT                                                                                      \
	(RV_CAP_VERSION | RV_CAP_SV32 | RV_CAP_SV39 | RV_CAP_SV48 | RV_CAP_SV57 |                  \
	 RV_CAP_SVRSW60T59B | RV_CAP_SVPBMT | RV_CAP_SV32X4 | RV_CAP_SV39X4 | RV_CAP_SV48X4 |      \
	 RV_CAP_SV57X4 | RV_CAP_AMO_MRIF | RV_CAP_MSI_FLAT | RV_CAP_MSI_MRIF | RV_CAP_AMO_HWAD |   \
	 RV_CAP_ATS | RV_CAP_T2GPA | RV_CAP_END | RV_CAP_IGS | RV_CAP_HPM | RV_CAP_DBG |           \
	 RV_CAP_PAS | RV_CAP_PD8 | RV_CAP_PD17 | RV_CAP_PD20 | RV_CAP_QOSID | RV_CAP_NL |          \
	 RV_CAP_S)

#define PAS_MAX 56

#define DEFAULT_CAP                                                                                \
	((BUILT & ~(RV_CAP_VERSION | RV_CAP_IGS | RV_CAP_PAS)) |                                   \
	 IOM_PUT(RV_CAP_VERSION, RV_CAP_VERSION_1_0) | IOM_PUT(RV_CAP_IGS, RV_IGS_BOTH) |          \
	 IOM_PUT(RV_CAP_PAS, PAS_MAX))

#define DEFAULT_VECTORS 4
#define DEFAULT_QUEUE_LG2 16
#define QUEUE_LG2_MAX 20
#define DEFAULT_CACHE_LG2 12
#define DEFAULT_COUNTER_BITS 64
/* "iohpmcycles": counters have 32 bits at least. */
#define COUNTER_BITS_MIN 32
#define CACHE_LG2_MIN 3
#define DEFAULT_ATS_TIMEOUT_NS UINT64_C(60000000000)
#define QOS_ID_BITS_MAX 12

/* Capabilities that need others. */
static const struct {
	uint64_t bit;
	const char *name;
	uint64_t needs;
	const char *needed;
} capabilities[] = {
	{ RV_CAP_SV48, "Sv48", RV_CAP_SV39, "Sv39" },
	{ RV_CAP_SV57, "Sv57", RV_CAP_SV48, "Sv48" },
	{ RV_CAP_SV48X4, "Sv48x4", RV_CAP_SV39X4, "Sv39x4" },
	{ RV_CAP_SV57X4, "Sv57x4", RV_CAP_SV48X4, "Sv48x4" },
	{ RV_CAP_MSI_MRIF, "MSI_MRIF", RV_CAP_MSI_FLAT, "MSI_FLAT" },
	{ RV_CAP_T2GPA, "T2GPA", RV_CAP_ATS, "ATS" },
};

static int check_capabilities(uint64_t cap, struct iom_error *error)
{
	unsigned pas = (unsigned)IOM_GET(RV_CAP_PAS, cap);
	uint64_t rest = cap & ~BUILT;

	if (IOM_GET(RV_CAP_VERSION, cap) != RV_CAP_VERSION_1_0)
		return iom_fail(error, IOM_EINVAL,
		                "capabilities.version is 0x%llx; it must be 0x10, version 1.0",
		                (unsigned long long)IOM_GET(RV_CAP_VERSION, cap));
	if (IOM_GET(RV_CAP_IGS, cap) == RV_IGS_RESERVED)
		return iom_fail(error, IOM_EINVAL,
		                "capabilities.IGS is 3, which is reserved; 0 is messages, 1 wires, "
		                "2 "
		                "both");
	if (pas < 12 || pas > PAS_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "capabilities.PAS is %u; physical addresses have 12 to %u bits",
		                pas, PAS_MAX);
	for (size_t i = 0; i < IOM_COUNT(capabilities); i++) {
		if (cap & capabilities[i].bit && !(cap & capabilities[i].needs))
			return iom_fail(error, IOM_EINVAL,
			                "capabilities.%s is set without capabilities.%s, which it "
			                "needs",
			                capabilities[i].name, capabilities[i].needed);
	}
	if (rest)
		return iom_fail(error, IOM_EINVAL,
		                "capabilities bit %u is set; it is reserved and must be 0",
		                iom_ctz(rest));
	return IOM_OK;
}

static bool both_widths(uint64_t cap)
{
	return cap & (RV_CAP_SV32 | RV_CAP_SV32X4) && cap & (RV_CAP_SV39 | RV_CAP_SV39X4);
}

static int check_config(const struct iom_riscv_config *config, struct iom_error *error)
{
	const unsigned levels = IOM_RISCV_1LVL | IOM_RISCV_2LVL | IOM_RISCV_3LVL;
	const unsigned flags = IOM_RISCV_STRICT_FCTL | IOM_RISCV_LENIENT_MSI_MASK |
	                       IOM_RISCV_MSI_MASKED | IOM_RISCV_UNCACHED | IOM_RISCV_EAGER_DIRTY |
	                       IOM_RISCV_GXL_WRITABLE | IOM_RISCV_BARE_GLOBAL | IOM_RISCV_DBG_4K |
	                       IOM_RISCV_STRICT_DDTP | IOM_RISCV_NO_MSI_BE | IOM_RISCV_NO_OFFSETS |
	                       IOM_RISCV_BARE_4K;

	if (config->reset_mode > IOM_RISCV_RESET_BARE)
		return iom_fail(error, IOM_EINVAL,
		                "reset_mode is %u; it must be IOM_RISCV_RESET_OFF or "
		                "IOM_RISCV_RESET_BARE",
		                config->reset_mode);
	if (config->ddt_levels & ~levels)
		return iom_fail(error, IOM_EINVAL,
		                "ddt_levels is 0x%llx; only IOM_RISCV_1LVL, 2LVL and 3LVL exist",
		                (unsigned long long)config->ddt_levels);
	if (!iom_is_pow2(config->vectors) || config->vectors > RV_VECTORS_MAX)
		return iom_fail(error, IOM_EINVAL, "vectors is %u; it must be 1, 2, 4, 8 or 16",
		                config->vectors);
	if (config->queue_lg2 > QUEUE_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "queue_lg2 is %u; the largest queue has 2^%u entries",
		                config->queue_lg2, QUEUE_LG2_MAX);
	if (config->cache_lg2 < CACHE_LG2_MIN || config->cache_lg2 > IOM_CACHE_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "cache_lg2 is %u; the cache has 2^%u to 2^%u entries",
		                config->cache_lg2, CACHE_LG2_MIN, IOM_CACHE_LG2_MAX);
	if (config->front_lg2 < IOM_FRONT_LG2_MIN || config->front_lg2 > IOM_FRONT_LG2_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "front_lg2 is %u; a port remembers 2^%u to 2^%u pages",
		                config->front_lg2, IOM_FRONT_LG2_MIN, IOM_FRONT_LG2_MAX);
	if (config->counters > RV_IOHPM_COUNTERS)
		return iom_fail(error, IOM_EINVAL,
		                "counters is %u; a performance monitor has 1 to %u event counters",
		                config->counters, RV_IOHPM_COUNTERS);
	if (config->counter_bits < COUNTER_BITS_MIN || config->counter_bits > 64)
		return iom_fail(error, IOM_EINVAL,
		                "counter_bits is %u; event counters have %u to 64 bits",
		                config->counter_bits, COUNTER_BITS_MIN);
	if (config->qos_id_bits > QOS_ID_BITS_MAX)
		return iom_fail(error, IOM_EINVAL,
		                "qos_id_bits is %u; identifiers of quality of service have 1 to %u "
		                "bits",
		                config->qos_id_bits, QOS_ID_BITS_MAX);
	if (config->flags & ~flags)
		return iom_fail(error, IOM_EINVAL, "flags has bit %u set, which means nothing",
		                iom_ctz(config->flags & ~flags));
	if (config->flags & IOM_RISCV_GXL_WRITABLE && !both_widths(config->capabilities))
		return iom_fail(error, IOM_EINVAL,
		                "flags has IOM_RISCV_GXL_WRITABLE; the capabilities must then have "
		                "a scheme for RV32 (Sv32 or Sv32x4) and one for RV64 (Sv39 or "
		                "Sv39x4)");
	return check_capabilities(config->capabilities, error);
}

/* Registers that hold vectors or sizes must never see a zero that means a default. */
static struct iom_riscv_config with_defaults(const struct iom_riscv_config *config)
{
	struct iom_riscv_config full = { .bytes = sizeof full };

	if (config)
		full = *config;
	if (!full.capabilities) {
		full.capabilities = DEFAULT_CAP;
		full.flags |= IOM_RISCV_GXL_WRITABLE;
	}
	if (!full.ddt_levels)
		full.ddt_levels = IOM_RISCV_1LVL | IOM_RISCV_2LVL | IOM_RISCV_3LVL;
	if (!full.vectors)
		full.vectors = DEFAULT_VECTORS;
	if (!full.queue_lg2)
		full.queue_lg2 = DEFAULT_QUEUE_LG2;
	if (!full.cache_lg2)
		full.cache_lg2 = DEFAULT_CACHE_LG2;
	if (!full.front_lg2)
		full.front_lg2 = IOM_FRONT_LG2;
	if (!full.ats_timeout_ns)
		full.ats_timeout_ns = DEFAULT_ATS_TIMEOUT_NS;
	if (!full.counters)
		full.counters = RV_IOHPM_COUNTERS;
	if (!full.counter_bits)
		full.counter_bits = DEFAULT_COUNTER_BITS;
	if (!full.qos_id_bits)
		full.qos_id_bits = QOS_ID_BITS_MAX;
	return full;
}

static uint32_t cache_entries(const struct iom_riscv_config *config)
{
	return config->flags & IOM_RISCV_UNCACHED ? 0 : (uint32_t)IOM_BIT(config->cache_lg2);
}

static void reset_locked(struct iom_unit *unit)
{
	struct rv_unit *rv = rv_of(unit);

	rv->ddtp_high_valid = false;
	rv->ddtp_left = 0;
	for (unsigned i = 0; i < RV_QUEUES; i++)
		rv->queue_left[i] = 0;
	rv->fence_waits = false;
	rv->msi_pending = 0;
	rv->due = 0;
	rv->fifo_count = 0;
	rv->pages_count = 0;
	rv_ats_reset_locked(rv);
	rv_registers_reset(rv);
	iom_work_later(unit, RV_WORK_INTERRUPTS); /* wires fall */
}

/* A change of ddtp that the drain was asked for, by now, waits for no section. */
static void ddtp_drained(struct rv_unit *rv)
{
	struct iom_unit *unit = &rv->unit;

	iom_backend_contexts(unit);
	iom_interrupts_changed(unit, 0, UINT32_MAX);
	iom_lock(&unit->lock);
	if (!iom_overtaken_locked(unit)) {
		rv->ddtp_drained = true;
		rv_ddtp_settle_locked(rv);
	}
	iom_unlock(&unit->lock);
}

static uint32_t restarted_locked(struct iom_unit *unit)
{
	struct rv_unit *rv = rv_of(unit);

	rv->fence_drained = false;
	return (rv->fence_waits ? RV_DRAIN_FENCE : 0) |
	       (rv_get(rv, RV_DDTP) & RV_DDTP_BUSY ? RV_DRAIN_DDTP : 0);
}

static void work(struct iom_unit *unit, uint32_t what)
{
	uint32_t ask = what & RV_WORK_DDTP ? RV_DRAIN_DDTP : 0, done;
	struct rv_unit *rv = rv_of(unit);

	if (iom_restarted(unit, &ask))
		rv_wires_fall(rv);
	/* What requests found under the old mode is out of use before busy falls. */
	if (ask & RV_DRAIN_DDTP)
		iom_unit_new_epoch(unit);
	done = iom_drain(unit, ask, what & IOM_WORK_DRAINED);
	if (done & RV_DRAIN_DDTP)
		ddtp_drained(rv);
	if (done & RV_DRAIN_FENCE)
		rv->fence_drained = true;
	if (what & RV_WORK_COMMANDS || done & RV_DRAIN_FENCE)
		rv_commands_run(rv);
	if (what & RV_WORK_DEBUG)
		rv_debug_run(rv);
	if (what & RV_WORK_FAULTS)
		rv_faults_store(rv);
	if (what & RV_WORK_PAGES)
		rv_pages_store(rv);
	if (what & RV_WORK_INTERRUPTS)
		rv_interrupts_send(rv);
}

/* True: it is over now. */
static bool pass(uint64_t *left, uint64_t passed_ns)
{
	bool over = *left && *left <= passed_ns;

	*left -= *left < passed_ns ? *left : passed_ns;
	return over;
}

static void step_locked(struct iom_unit *unit, uint64_t passed_ns)
{
	struct rv_unit *rv = rv_of(unit);

	rv_cycles_locked(rv, passed_ns);
	if (pass(&rv->ddtp_left, passed_ns))
		rv_ddtp_settle_locked(rv);
	for (unsigned i = 0; i < RV_QUEUES; i++) {
		if (pass(rv_queue_left(rv, rv_queues[i]), passed_ns))
			rv_queue_settle_locked(rv, rv_queues[i]);
	}
	rv_ats_step_locked(rv, passed_ns);
}

static void qos(const struct iom_unit *unit, uint16_t *rcid, uint16_t *mcid)
{
	rv_qos((const struct rv_unit *)unit, NULL, rcid, mcid);
}

static const struct iom_arch arch = {
	.name = "riscv",
	.unit_bytes = sizeof(struct rv_unit),
	.requester_last = 0xffffff,
	.reset_locked = reset_locked,
	.resolve = rv_resolve,
	.access = rv_mrif_access,
	.route = rv_mrif_route,
	.refuse = rv_refuse,
	.work = work,
	.restarted_locked = restarted_locked,
	.fault_name = iom_riscv_fault_name,
	.inform = rv_inform,
	.message = rv_message,
	.removed = rv_removed,
	.save_locked = rv_save_locked,
	.load = rv_load_state,
	.step_locked = step_locked,
	.qos = qos,
};

int iom_riscv_new(const struct iom_riscv_config *config, struct iom_memory *memory,
                  const struct iom_host *host, void *opaque, struct iom_unit **out,
                  struct iom_error *error)
{
	struct iom_riscv_config full;
	struct iom_unit *unit;
	int result = iom_unit_check("iom_riscv_config", config ? config->bytes : sizeof *config,
	                            sizeof *config, memory, host, error);

	if (result)
		return result;
	full = with_defaults(config);
	result = check_config(&full, error);
	if (result)
		return result;
	unit = iom_unit_new(&arch, memory, host, opaque, cache_entries(&full),
	                    (uint32_t)IOM_BIT(full.front_lg2));
	if (!unit)
		return iom_fail(error, IOM_ENOMEM,
		                "the host's allocator had no %llu bytes for a unit",
		                (unsigned long long)sizeof(struct rv_unit));
	rv_of(unit)->config = full;
	rv_of(unit)->cap = full.capabilities;
	unit->spa_last = iom_low((unsigned)IOM_GET(RV_CAP_PAS, full.capabilities));
	rv_registers_init(rv_of(unit));
	iom_unit_reset(unit);
	*out = unit;
	iom_succeed(error);
	return IOM_OK;
}
