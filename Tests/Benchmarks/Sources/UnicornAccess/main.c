// usage: unicorn-access LIBRARY, libipmi-host-bridge.so
//
// What an access to a register takes that goes from a Cortex-A9 of Unicorn through the library, and
// what one takes whose callback does nothing: in turns, in one engine. Prints picoseconds and
// thousandths as `in-process` does.
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "CMeasure.h"
#include "ipmi_host_bridge.h"

enum { accesses = 100000, max_rounds = 1001, code = 0x10000, page = 0x1000 };
static const uint64_t host_interface = 0xF0007000, nothing = 0xF0008000;

/* load: ldrb r1, [r0]; store: strb r1, [r0]; each with subs r2, r2, #1; bne. */
static const uint32_t load_loop[] = {0xE5D01000, 0xE2522001, 0x1AFFFFFC};
static const uint32_t store_loop[] = {0xE5C01000, 0xE2522001, 0x1AFFFFFC};

static void check(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "unicorn-access: %s\n", what);
  exit(1);
}

/* The library as it is installed: only its header is known here. */
static struct {
  ihb_error (*create)(const char *, ihb_soc **);
  ihb_error (*attach_wire)(ihb_soc *, ihb_responder);
  ihb_error (*on_interrupt)(ihb_soc *, ihb_interrupt_fn, void *);
  ihb_error (*read)(ihb_soc *, uint64_t, uint32_t, uint64_t *);
  ihb_error (*write)(ihb_soc *, uint64_t, uint32_t, uint64_t);
} library;

static void *find(void *handle, const char *name) {
  void *function = dlsym(handle, name);
  check(function != NULL, name);
  return function;
}

static uint64_t library_read(uc_engine *engine, uint64_t offset, unsigned size, void *soc) {
  (void)engine;
  uint64_t value = 0;
  library.read(soc, offset, size, &value);
  return value;
}

static void library_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *soc) {
  (void)engine;
  library.write(soc, offset, size, value);
}

static uint64_t empty_read(uc_engine *engine, uint64_t offset, unsigned size, void *soc) {
  (void)engine, (void)offset, (void)size, (void)soc;
  return 0;
}

static void empty_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *soc) {
  (void)engine, (void)offset, (void)size, (void)value, (void)soc;
}

static void changed(void *user, uint32_t number, bool level) {
  (void)user, (void)number, (void)level;
}

static uint64_t nanoseconds(uc_engine *engine, uint32_t where, uint64_t address) {
  uint32_t target = (uint32_t)address, value = 0, count = accesses;
  uc_reg_write(engine, UC_ARM_REG_R0, &target);
  uc_reg_write(engine, UC_ARM_REG_R1, &value);
  uc_reg_write(engine, UC_ARM_REG_R2, &count);
  uint64_t start = cmeasure_now();
  uc_err error = uc_emu_start(engine, where, where + sizeof load_loop, 0, 0);
  uint64_t time = cmeasure_now() - start;
  check(error == UC_ERR_OK, uc_strerror(error));
  return time;
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, size_t count) {
  qsort(values, count, sizeof *values, compare);
  return values[count / 2];
}

static void measure(uc_engine *engine, const char *name, uint32_t where, uint64_t offset) {
  static uint64_t figures[max_rounds], floors[max_rounds], ratios[max_rounds];
  size_t rounds = (size_t)cmeasure_rounds();
  if (rounds > max_rounds) rounds = max_rounds;
  nanoseconds(engine, where, host_interface + offset);
  nanoseconds(engine, where, nothing + offset);
  for (size_t round = 0; round < rounds; round++) {
    figures[round] = nanoseconds(engine, where, host_interface + offset);
    floors[round] = nanoseconds(engine, where, nothing + offset);
    ratios[round] = figures[round] * 1000 / floors[round];
  }
  printf("%s.figure\t%" PRIu64 "\n", name, median(figures, rounds) * 1000 / accesses);
  printf("%s.floor\t%" PRIu64 "\n", name, median(floors, rounds) * 1000 / accesses);
  printf("%s.ratio\t%" PRIu64 "\n", name, median(ratios, rounds));
}

int main(int argc, char **argv) {
  check(argc == 2, "usage: unicorn-access LIBRARY");
  void *handle = dlopen(argv[1], RTLD_NOW);
  check(handle != NULL, "cannot load the library: make library");
  *(void **)&library.create = find(handle, "ihb_create");
  *(void **)&library.attach_wire = find(handle, "ihb_attach_wire");
  *(void **)&library.on_interrupt = find(handle, "ihb_on_interrupt");
  *(void **)&library.read = find(handle, "ihb_read");
  *(void **)&library.write = find(handle, "ihb_write");
  ihb_soc *soc = NULL;
  check(library.create("npcm750", &soc) == IHB_OK, "ihb_create");
  // With a host, as it is used.
  check(library.attach_wire(soc, IHB_KCS1) == IHB_OK, "ihb_attach_wire");
  check(library.on_interrupt(soc, changed, NULL) == IHB_OK, "ihb_on_interrupt");

  uc_engine *engine = NULL;
  check(uc_open(UC_ARCH_ARM, UC_MODE_ARM, &engine) == UC_ERR_OK, "uc_open");
  check(uc_ctl_set_cpu_model(engine, UC_CPU_ARM_CORTEX_A9) == UC_ERR_OK, "Cortex-A9");
  check(uc_mem_map(engine, code, page, UC_PROT_ALL) == UC_ERR_OK, "uc_mem_map");
  uc_mem_write(engine, code, load_loop, sizeof load_loop);
  uc_mem_write(engine, code + 0x100, store_loop, sizeof store_loop);
  uc_mmio_map(engine, host_interface, page, library_read, soc, library_write, soc);
  uc_mmio_map(engine, nothing, page, empty_read, NULL, empty_write, NULL);
  // ST of KCS1: what firmware loads most, and stores most.
  measure(engine, "unicorn.load", code, 0x0C);
  measure(engine, "unicorn.store", code + 0x100, 0x0C);
  uc_close(engine);
  return 0;
}
