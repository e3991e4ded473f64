/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The iommux authors */
/*
 * The names that a scenario has beyond Lua's: docs/scenarios.md is their manual.  Each kind of
 * object has a file, with a table of its methods.
 */
#ifndef IOMMUX_API_H
#define IOMMUX_API_H

#include <lauxlib.h>
#include <lua.h>

#include "machine/engine_driver.h"
#include "machine/process.h"
#include "machine/vm.h"
#include "scenario.h"

/* The types of userdata, as errors name them */
#define API_MACHINE "a machine"
#define API_VM "a virtual machine"
#define API_DEVICE "a device"
#define API_DOMAIN "a domain"
#define API_BUFFER "a buffer"
#define API_CHECKSUM "a checksum"
#define API_PROCESS "a process"

#define API_DOMAINS_MAX 64
#define API_PROCESSES_MAX 64

/* The machine's own kernel, or a guest's, and all that was made with it. */
struct api_os {
	struct kernel *kernel;  /* NULL: gone, and all the rest with it */
	struct vm_guest *guest; /* NULL: it is the machine's            */
	struct space *spaces[API_DOMAINS_MAX];
	unsigned space_count;
	struct api_buffer *buffers;
};

struct api_buffer {
	struct buffer *buffer; /* NULL: freed with its kernel */
	struct api_os *os;
	struct api_buffer *next, *prev;
};

/* A virtual machine; once it was stopped, what is left of it. */
struct api_vm {
	struct vm *vm; /* NULL: stopped */
	uint32_t serial;
	struct api_machine *machine;
	struct api_os *os; /* its guest's, with which it moves */
	struct api_vm *next;
	char name[VM_NAME_MAX];
};

/* What a virtual machine's userdata holds. */
struct api_vm_ref {
	struct api_vm *vm;
};

/* A device is driven by the machine's kernel, or by the guest's that it is assigned to. */
struct api_engine {
	struct engine_driver *host, *guest;
	struct api_vm *vm; /* NULL: assigned to none */
};

/* All that a machine consists of is freed with it. */
struct api_machine {
	struct machine *machine;
	struct hypervisor hypervisor;
	struct api_os os;
	struct api_engine engines[MACHINE_ENGINES_MAX];
	struct api_vm *vms;
	unsigned process_count;
};

/* Processes belong to their kernel, and are freed with it. */
struct api_process {
	struct process *process;
	struct api_machine *machine;
};

struct api_device {
	struct api_machine *machine;
	unsigned engine;
};

struct api_domain {
	struct space *space;
	struct api_os *os;
};

/* What a buffer's userdata holds: NULL after buffer:free(). */
struct api_buffer_ref {
	struct api_buffer *owned;
};

/* What a machine's userdata keeps as user values: tables of its devices and virtual machines. */
#define API_MACHINE_DEVICES 1 /* by number of the engine */
#define API_MACHINE_VMS 2     /* by serial number        */
#define API_MACHINE_VALUES 2

/* Adds all names to the table on top. */
void api_add(lua_State *lua);

/* Each makes the metatable of its type, and adds its functions to the table on top. */
void api_machine_open(lua_State *lua);
void api_device_open(lua_State *lua);
void api_domain_open(lua_State *lua);
void api_buffer_open(lua_State *lua);
void api_report_open(lua_State *lua);
void api_vm_open(lua_State *lua);
void api_checksum_open(lua_State *lua);
void api_process_open(lua_State *lua);

/* ---- For these files ------------------------------------------------------------------------- */

/* Makes a metatable with these methods; any other method is an error. */
void api_type(lua_State *lua, const char *type, const luaL_Reg *methods, lua_CFunction gc);

/* The object of a method called as object:method(); else an error that says so. */
void *api_self(lua_State *lua, const char *type);

/* Raises the sentence of a refusal. */
_Noreturn void api_raise(lua_State *lua, const struct iom_error *error);

/* luaL_error, known not to return. */
_Noreturn void api_error(lua_State *lua, const char *format, ...);

/* The kernel of the machine or virtual machine in argument 1; it runs. */
struct api_os *api_os_self(lua_State *lua);
/* An error if it is that of a virtual machine that is paused, or of a guest that is waiting. */
void api_os_runs(lua_State *lua, const struct api_os *os);
/* Frees all that was made with a kernel; the kernel itself is the caller's. */
void api_os_drop(struct api_os *os);

/* The buffer; an error if it was freed. */
struct api_buffer *api_buffer_of(lua_State *lua, const struct api_buffer_ref *ref);

/* Constructors of objects that belong to what is in argument 1. */
int api_device_new(lua_State *lua);
int api_domain_new(lua_State *lua);
int api_buffer_new(lua_State *lua);
int api_vm_new(lua_State *lua);
int api_machine_cpus(lua_State *lua);
int api_machine_raise(lua_State *lua);
int api_machine_wire(lua_State *lua);
int api_process_new(lua_State *lua);

/* The engine, and the driver that it is driven by now. */
struct dma_engine *api_device_engine(const struct api_device *device);
struct engine_driver *api_device_driver(const struct api_device *device);

/* The virtual machine of a method; an error if it was stopped. */
struct api_vm *api_vm_self(lua_State *lua);

/* Methods of virtual machines: api_migrate.c */
int api_vm_access_begin(lua_State *lua);
int api_vm_access_end(lua_State *lua);
int api_vm_compare(lua_State *lua);
int api_vm_move_to(lua_State *lua);
int api_vm_pause(lua_State *lua);
int api_vm_resume(lua_State *lua);
int api_vm_send(lua_State *lua);
int api_vm_track(lua_State *lua);

/* Methods of devices: api_copy.c, api_pace.c, api_stray.c */
int api_device_copy(lua_State *lua);
int api_device_order(lua_State *lua);
int api_device_pace(lua_State *lua);
int api_device_results(lua_State *lua);
int api_device_scatter_gather(lua_State *lua);
int api_device_step(lua_State *lua);
int api_device_under_way(lua_State *lua);
/* Reads { from =, to =, bytes = } in argument 2, for the function `what`. */
void api_copy_read(lua_State *lua, const char *what, struct engine_job *job);
/* The driver of a device that is attached, by a kernel that runs; else an error. */
struct engine_driver *api_device_ready(lua_State *lua, const struct api_device *device);
/* Pushes what a job came to; which interrupt was whose is the caller's to add. */
void api_report_push(lua_State *lua, const struct engine_report *report);
int api_device_stray(lua_State *lua);
int api_device_message(lua_State *lua);
int api_device_ats(lua_State *lua);
int api_device_deaf(lua_State *lua);
int api_device_store_slowly(lua_State *lua);
/* Gives a new device a translation cache. */
void api_device_cache(lua_State *lua, struct api_device *device);
int api_device_forge_interrupt(lua_State *lua);
int api_device_overrun(lua_State *lua);

/* Gives back a virtual machine and what belongs to it.  IOM_OK, or it goes on as far as it can. */
int api_vm_stop(struct api_vm *vm, struct iom_error *error);

/*
 * Pushes the list of the faults that a kernel reported since the last time.  `machine_index`: the
 * machine's userdata; `vm`: whose guest's kernel it is, or NULL.
 */
void api_faults_push(lua_State *lua, struct api_machine *machine, int machine_index,
                     struct api_vm *vm);

/* Pushes an address in hexadecimal digits. */
const char *api_hex(lua_State *lua, uint64_t number);

/* Sets a field of the table on top. */
void api_set_number(lua_State *lua, const char *name, uint64_t number);
void api_set_text(lua_State *lua, const char *name, const char *text);
void api_set_flag(lua_State *lua, const char *name, bool flag);

#endif
