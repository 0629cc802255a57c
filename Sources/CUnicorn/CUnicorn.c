#include "CUnicorn.h"

#include <sys/mman.h>

uc_err cunicorn_set_cpu_model(uc_engine *engine, int model) {
  return uc_ctl_set_cpu_model(engine, model);
}

static void count(uc_engine *engine, uint64_t address, uint32_t size, void *user) {
  (void)size;
  struct cunicorn_budget *budget = user;
  if (address - budget->code_start >= budget->code_size) budget->has_left_code = true;
  if (budget->executed >= budget->limit) {
    uc_emu_stop(engine);
  } else {
    budget->executed++;
  }
}

// A range whose end is before its begin is every address.
static uc_err hook(uc_engine *engine, int type, void *callback, void *user) {
  uc_hook hook;
  return uc_hook_add(engine, &hook, type, callback, user, (uint64_t)1, (uint64_t)0);
}

uc_err cunicorn_count(uc_engine *engine, struct cunicorn_budget *budget) {
  return hook(engine, UC_HOOK_CODE, (void *)count, budget);
}

uc_err cunicorn_hook_address(uc_engine *engine, uint64_t address, uc_cb_hookcode_t callback,
                             void *user) {
  uc_hook hook;
  return uc_hook_add(engine, &hook, UC_HOOK_CODE, (void *)callback, user, address, address);
}

uc_err cunicorn_hook_exception(uc_engine *engine, uc_cb_hookintr_t callback, void *user) {
  return hook(engine, UC_HOOK_INTR, (void *)callback, user);
}

uc_err cunicorn_hook_undefined(uc_engine *engine, uc_cb_hookinsn_invalid_t callback, void *user) {
  return hook(engine, UC_HOOK_INSN_INVALID, (void *)callback, user);
}

uc_err cunicorn_hook_unmapped(uc_engine *engine, uc_cb_eventmem_t callback, void *user) {
  return hook(engine, UC_HOOK_MEM_INVALID, (void *)callback, user);
}

uc_err cunicorn_hook_ports(uc_engine *engine, uc_cb_insn_in_t input, uc_cb_insn_out_t output,
                           void *user) {
  uc_hook hook;
  uc_err error = uc_hook_add(engine, &hook, UC_HOOK_INSN, (void *)input, user, (uint64_t)1,
                             (uint64_t)0, UC_X86_INS_IN);
  if (error != UC_ERR_OK) return error;
  return uc_hook_add(engine, &hook, UC_HOOK_INSN, (void *)output, user, (uint64_t)1, (uint64_t)0,
                     UC_X86_INS_OUT);
}

static uc_arm_cp_reg cp15(uint32_t crn, uint32_t crm, uint32_t opc1, uint32_t opc2) {
  return (uc_arm_cp_reg){.cp = 15, .crn = crn, .crm = crm, .opc1 = opc1, .opc2 = opc2};
}

uint32_t cunicorn_read_cp15(uc_engine *engine, uint32_t crn, uint32_t crm, uint32_t opc1,
                            uint32_t opc2) {
  uc_arm_cp_reg reg = cp15(crn, crm, opc1, opc2);
  uc_reg_read(engine, UC_ARM_REG_CP_REG, &reg);
  return (uint32_t)reg.val;
}

void cunicorn_write_cp15(uc_engine *engine, uint32_t crn, uint32_t crm, uint32_t opc1,
                         uint32_t opc2, uint32_t value) {
  uc_arm_cp_reg reg = cp15(crn, crm, opc1, opc2);
  reg.val = value;
  uc_reg_write(engine, UC_ARM_REG_CP_REG, &reg);
}

void cunicorn_flush(uc_engine *engine) { uc_ctl_flush_tlb(engine); }

void *cunicorn_allocate(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void cunicorn_clear(void *memory, size_t size) { madvise(memory, size, MADV_DONTNEED); }

void cunicorn_free(void *memory, size_t size) { munmap(memory, size); }
