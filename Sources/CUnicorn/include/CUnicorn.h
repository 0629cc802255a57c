// What Swift cannot say of Unicorn's interface: variadic functions, macros over them, and the hook
// that counts instructions, which runs for each of them.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <unicorn/unicorn.h>

// How many instructions an engine has executed, and how many it may have.
struct cunicorn_budget {
  uint64_t executed;
  // Execution stops before the instruction that would make `executed` greater.
  uint64_t limit;
  // The addresses at which the program was loaded, and whether it has executed others.
  uint64_t code_start, code_size;
  bool has_left_code;
};

// Chooses the processor, one of enum uc_cpu_arm or uc_cpu_x86; before anything else.
uc_err cunicorn_set_cpu_model(uc_engine *engine, int model);

// Counts instructions into `budget`, which has to outlive the engine, and stops at its limit.
uc_err cunicorn_count(uc_engine *engine, struct cunicorn_budget *budget);

// Called before the instruction at `address`; PC may be written.
uc_err cunicorn_hook_address(uc_engine *engine, uint64_t address, uc_cb_hookcode_t callback,
                             void *user);

// Called for exceptions that are not interrupts: their number is the architecture's own in Unicorn.
uc_err cunicorn_hook_exception(uc_engine *engine, uc_cb_hookintr_t callback, void *user);

// Called for an instruction that does not exist; returns whether to go on at PC.
uc_err cunicorn_hook_undefined(uc_engine *engine, uc_cb_hookinsn_invalid_t callback, void *user);

// Called for an access that meets nothing; returns whether to go on.
uc_err cunicorn_hook_unmapped(uc_engine *engine, uc_cb_eventmem_t callback, void *user);

// Called for the IN and OUT instructions of x86.
uc_err cunicorn_hook_ports(uc_engine *engine, uc_cb_insn_in_t input, uc_cb_insn_out_t output,
                           void *user);

// Reads or writes a register of an ARM's coprocessor 15.
uint32_t cunicorn_read_cp15(uc_engine *engine, uint32_t crn, uint32_t crm, uint32_t opc1,
                            uint32_t opc2);
void cunicorn_write_cp15(uc_engine *engine, uint32_t crn, uint32_t crm, uint32_t opc1,
                         uint32_t opc2, uint32_t value);

// Forgets all translations of instructions.
void cunicorn_flush(uc_engine *engine);

// An address space of `size` bytes without content, private to the process; NULL if there is none.
void *cunicorn_allocate(size_t size);
// Forgets what is in it: it reads 0 again, and takes no memory.
void cunicorn_clear(void *memory, size_t size);
void cunicorn_free(void *memory, size_t size);
