/*
 * A BMC on Unicorn, with libipmi-host-bridge: the firmware npcm750-evb.elf boots, a host asks it for
 * its device ID, the answer is printed.
 *
 *   cc unicorn_npcm750.c $(pkg-config --cflags --libs ipmi-host-bridge) -lunicorn -o unicorn_npcm750
 *   ./unicorn_npcm750 npcm750-evb.elf
 *
 * What is here is what an emulator has anyway: a processor (Unicorn), RAM, an interrupt controller,
 * a timer, a UART. The host interface of the chip, and the host at it, are the library's.
 *
 * Time is virtual: an instruction takes 10 ns, and a processor that sleeps goes to what happens next.
 * So a run depends on nothing but the firmware.
 */
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "ipmi_host_bridge.h"

enum {
  ram_base = 0x00100000,
  ram_size = 1 << 20,
  page = 0x1000,
  instruction_time = 10,
  /* Instructions between two looks at the interrupts: 5 microseconds. */
  quantum = 500,
  timer_line = 27,
  line_count = 64
};

static const uint64_t uart_base = 0xF0001000;
/* Global timer at +200h and the GIC's processor interface at +100h. */
static const uint64_t private_base = 0xF03FE000;
static const uint64_t distributor_base = 0xF03FF000;

/* The pages of which the firmware only wants to find again what it wrote: watchdog, converter, GPIO,
 * the scratch pad by which core 0 sends core 1 to sleep. */
static const uint64_t kept_pages[] = {0xF0008000, 0xF000C000, 0xF0013000, 0xF0080000, 0xF0800000};
enum { kept_count = sizeof kept_pages / sizeof kept_pages[0] };

/* One board. */
struct board {
  uc_engine *engine;
  ihb_soc *soc;
  /* Nanoseconds since power-on. */
  uint64_t now;
  uint8_t *ram;
  uint32_t kept[kept_count][page / 4];
  /* The GIC, by line. */
  bool level[line_count], enabled[line_count], active[line_count];
  /* The global timer of a Cortex-A9, of 100 MHz. */
  uint32_t timer_control, timer_status;
  uint64_t comparator;
};

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

/* Every function of the library says how it went. */
static void check(ihb_error error, const char *what) {
  if (error != IHB_OK)
    fail("%s: %s (%s)", what, ihb_strerror(error), ihb_last_error_message());
}

static void check_engine(uc_err error, const char *what) {
  if (error != UC_ERR_OK) fail("%s: %s", what, uc_strerror(error));
}

/* ---- The host interface: three calls ---------------------------------------------------------- */

static uint64_t host_interface_read(uc_engine *engine, uint64_t offset, unsigned size, void *user) {
  (void)engine;
  struct board *board = user;
  uint64_t value = 0;
  check(ihb_read(board->soc, offset, size, &value), "read");
  return value;
}

static void host_interface_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *user) {
  (void)engine;
  struct board *board = user;
  check(ihb_write(board->soc, offset, size, value), "write");
}

/* SPI n is the controller's line 32 + n. */
static void interrupt_changed(void *user, uint32_t number, bool level) {
  struct board *board = user;
  board->level[32 + number] = level;
}

/* ---- The rest of the board --------------------------------------------------------------------- */

/* The line that the processor is told of; 1023 for none. */
static uint32_t pending_line(const struct board *board) {
  for (uint32_t line = 0; line < line_count; line++)
    if (board->level[line] && board->enabled[line] && !board->active[line]) return line;
  return 1023;
}

static uint64_t distributor_read(uc_engine *engine, uint64_t offset, unsigned size, void *user) {
  (void)engine, (void)size, (void)user;
  return offset == 0x004 ? line_count / 32 - 1 : 0; /* GICD_TYPER */
}

static void distributor_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *user) {
  (void)engine, (void)size;
  struct board *board = user;
  bool enables = offset >= 0x100 && offset < 0x100 + line_count / 8;
  bool disables = offset >= 0x180 && offset < 0x180 + line_count / 8;
  if (!enables && !disables) return;
  for (unsigned bit = 0; bit < 32; bit++)
    if (value >> bit & 1) board->enabled[(offset & 0x7F) / 4 * 32 + bit] = enables;
}

static uint64_t timer_ticks(const struct board *board) { return board->now / 10; }

static void update_timer(struct board *board) {
  /* Bits 0 to 2: timer, comparator and interrupt enable. */
  bool compares = (board->timer_control & 3) == 3;
  if (compares && timer_ticks(board) >= board->comparator) board->timer_status = 1;
  board->level[timer_line] = board->timer_status && board->timer_control & 4;
}

/* When the timer interrupts next. */
static uint64_t timer_deadline(const struct board *board) {
  bool runs = (board->timer_control & 7) == 7 && !board->timer_status;
  return runs ? board->comparator * 10 : UINT64_MAX;
}

static uint64_t private_read(uc_engine *engine, uint64_t offset, unsigned size, void *user) {
  (void)engine, (void)size;
  struct board *board = user;
  switch (offset) {
    case 0x10C: { /* GICC_IAR */
      uint32_t line = pending_line(board);
      if (line < line_count) board->active[line] = true;
      return line;
    }
    case 0x200: return (uint32_t)timer_ticks(board);
    case 0x204: return timer_ticks(board) >> 32;
    case 0x208: return board->timer_control;
    case 0x20C: return board->timer_status;
    default: return 0;
  }
}

static void private_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *user) {
  (void)engine, (void)size;
  struct board *board = user;
  switch (offset) {
    case 0x110: /* GICC_EOIR */
      if (value < line_count) board->active[value] = false;
      break;
    case 0x208: board->timer_control = (uint32_t)value; break;
    case 0x20C: board->timer_status &= (uint32_t)~value; break;
    case 0x210: board->comparator = (board->comparator & ~0xFFFFFFFFull) | (uint32_t)value; break;
    case 0x214: board->comparator = (uint32_t)board->comparator | value << 32; break;
    default: break;
  }
  update_timer(board);
}

/* THRE: the UART always takes a byte. */
static uint64_t uart_read(uc_engine *engine, uint64_t offset, unsigned size, void *user) {
  (void)engine, (void)size, (void)user;
  return offset == 0x14 ? 1 << 5 : 0;
}

static void uart_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *user) {
  (void)engine, (void)size, (void)user;
  if (offset == 0 && value != '\r') fputc((int)value, stderr);
}

static uint64_t kept_read(uc_engine *engine, uint64_t offset, unsigned size, void *user) {
  (void)engine, (void)size;
  return ((uint32_t *)user)[offset / 4];
}

static void kept_write(
    uc_engine *engine, uint64_t offset, unsigned size, uint64_t value, void *user) {
  (void)engine, (void)size;
  ((uint32_t *)user)[offset / 4] = (uint32_t)value;
}

/* ---- The processor ------------------------------------------------------------------------------ */

static uint32_t get(struct board *board, int reg) {
  uint32_t value = 0;
  uc_reg_read(board->engine, reg, &value);
  return value;
}

static void set(struct board *board, int reg, uint32_t value) {
  uc_reg_write(board->engine, reg, &value);
}

/* Takes an interrupt, if the processor lets it, as ARM DDI 0406C, B1.9.10, says. */
static void take_interrupt(struct board *board) {
  uint32_t state = get(board, UC_ARM_REG_CPSR);
  if (state & 1 << 7) return;
  uint32_t next = get(board, UC_ARM_REG_PC);
  uc_arm_cp_reg vectors = {.cp = 15, .crn = 12}; /* VBAR */
  uc_reg_read(board->engine, UC_ARM_REG_CP_REG, &vectors);
  /* The mode first: SPSR and LR are the new mode's. */
  set(board, UC_ARM_REG_CPSR, (state & ~0x3Fu) | 1 << 7 | 0x12);
  set(board, UC_ARM_REG_SPSR, state);
  set(board, UC_ARM_REG_LR, next + 4);
  set(board, UC_ARM_REG_PC, (uint32_t)vectors.val + 0x18);
}

/* Whether the last instruction was WFI, which ends a run early. */
static bool sleeps(struct board *board) {
  uint32_t last = get(board, UC_ARM_REG_PC) - 4 - ram_base;
  uint32_t instruction = 0;
  if (last <= ram_size - 4) memcpy(&instruction, board->ram + last, 4);
  return instruction == 0xE320F003;
}

/* Lets the board run for a quantum, or sleep until something happens. */
static void run(struct board *board) {
  update_timer(board);
  /* Here the library serves the host and its own deadlines. */
  check(ihb_advance(board->soc, board->now), "advance");
  bool is_pending = pending_line(board) != 1023;
  if (is_pending) {
    take_interrupt(board);
  } else if (sleeps(board)) {
    uint64_t next = 0;
    check(ihb_deadline(board->soc, &next), "deadline");
    if (timer_deadline(board) < next) next = timer_deadline(board);
    if (next == UINT64_MAX) fail("the firmware sleeps, and nothing will wake it");
    board->now = next > board->now ? next : board->now + instruction_time;
    return;
  }
  uc_err error = uc_emu_start(board->engine, get(board, UC_ARM_REG_PC), 0, 0, quantum);
  if (error != UC_ERR_OK)
    fail("the processor stopped at %08x: %s", get(board, UC_ARM_REG_PC), uc_strerror(error));
  board->now += quantum * instruction_time;
}

/* ---- Power-on ----------------------------------------------------------------------------------- */

/* Copies the segments of an ELF file to RAM; returns the entry. */
static uint32_t load(struct board *board, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("cannot open %s: build it with make firmware BOARD=npcm750-evb", path);
  Elf32_Ehdr header;
  if (fread(&header, sizeof header, 1, file) != 1 || memcmp(header.e_ident, ELFMAG, SELFMAG) ||
      header.e_machine != EM_ARM)
    fail("%s is no ELF file for ARM", path);
  for (unsigned index = 0; index < header.e_phnum; index++) {
    Elf32_Phdr segment;
    fseek(file, (long)(header.e_phoff + index * sizeof segment), SEEK_SET);
    if (fread(&segment, sizeof segment, 1, file) != 1) fail("%s ends too early", path);
    if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
    uint32_t offset = segment.p_paddr - ram_base;
    if (offset > ram_size || segment.p_filesz > ram_size - offset)
      fail("%s has something at %08x, where there is no RAM", path, segment.p_paddr);
    fseek(file, (long)segment.p_offset, SEEK_SET);
    if (fread(board->ram + offset, segment.p_filesz, 1, file) != 1) fail("%s ends too early", path);
  }
  fclose(file);
  return header.e_entry;
}

static void power_on(struct board *board, const char *firmware) {
  check_engine(uc_open(UC_ARCH_ARM, UC_MODE_ARM, &board->engine), "open Unicorn");
  check_engine(uc_ctl_set_cpu_model(board->engine, UC_CPU_ARM_CORTEX_A9), "choose a Cortex-A9");
  board->ram = aligned_alloc(page, ram_size);
  if (!board->ram) fail("no memory");
  memset(board->ram, 0, ram_size);
  uc_engine *engine = board->engine;
  check_engine(uc_mem_map_ptr(engine, ram_base, ram_size, UC_PROT_ALL, board->ram), "map RAM");
  uc_mmio_map(engine, uart_base, page, uart_read, board, uart_write, board);
  uc_mmio_map(engine, private_base, page, private_read, board, private_write, board);
  uc_mmio_map(engine, distributor_base, page, distributor_read, board, distributor_write, board);
  for (unsigned index = 0; index < kept_count; index++)
    uc_mmio_map(
        engine, kept_pages[index], page, kept_read, board->kept[index], kept_write,
        board->kept[index]);

  /* The host interface, where the chip has it. */
  check(ihb_create("npcm750", &board->soc), "create");
  check(ihb_on_interrupt(board->soc, interrupt_changed, board), "interrupts");
  ihb_description chip;
  check(ihb_describe(board->soc, &chip), "describe");
  check_engine(
      uc_mmio_map(
          engine, chip.base, chip.size, host_interface_read, board, host_interface_write, board),
      "map the host interface");

  uint32_t entry = load(board, firmware);
  set(board, UC_ARM_REG_CPSR, 0x1D3); /* SVC mode, interrupts masked */
  set(board, UC_ARM_REG_PC, entry);
}

static void power_off(struct board *board) {
  ihb_destroy(board->soc);
  uc_close(board->engine);
  free(board->ram);
}

/* ---- The host: a few frames of the VM protocol -------------------------------------------------- */

/* FF 01: version 1. 08 3F: the host can be reset and so on. A1 ends a command. Then request 00 to
 * NetFn App (06h << 2), command 01h, with the checksum; A0 ends a message. */
static const uint8_t hello_and_request[] = {0xFF, 0x01, 0xA1, 0x08, 0x3F, 0xA1,
                                            0x00, 0x18, 0x01, 0xE7, 0xA0};

/* Adds what the host has received to a message; its length when it is complete, else 0. */
static size_t receive(struct board *board, uint8_t *message, size_t capacity) {
  static size_t count = 0;
  static bool is_escaped = false;
  uint8_t byte;
  size_t length = 0;
  for (;;) {
    check(ihb_wire_receive(board->soc, IHB_KCS1, &byte, 1, &length), "receive");
    if (length == 0) return 0;
    switch (byte) {
      case 0xA0: return count;
      case 0xA1: count = 0; break; /* a command: not of interest here */
      case 0xAA: is_escaped = true; break;
      default:
        if (count < capacity) message[count++] = is_escaped ? byte & ~0x10 : byte;
        is_escaped = false;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: %s npcm750-evb.elf", argv[0]);
  if (ihb_abi_version() >> 16 != IHB_ABI_MAJOR) fail("the library is not the header's");
  static struct board board;
  power_on(&board, argv[1]);

  check(ihb_attach_wire(board.soc, IHB_KCS1), "attach");
  size_t taken = 0;
  check(
      ihb_wire_send(
          board.soc, IHB_KCS1, hello_and_request, sizeof hello_and_request, &taken),
      "send");

  uint8_t message[512];
  size_t length = 0;
  const uint64_t limit = 5000000000;
  while (length == 0 && board.now < limit) {
    run(&board);
    length = receive(&board, message, sizeof message);
  }
  /* Id, NetFn and LUN, command, completion code, device ID, ... */
  if (length < 5 || message[1] != 0x1C || message[2] != 0x01 || message[3] != 0)
    fail("no device ID within %llu virtual seconds", (unsigned long long)(limit / 1000000000));
  printf("device ID:");
  for (size_t index = 4; index + 1 < length; index++) printf(" %02x", message[index]);
  printf("\n");
  power_off(&board);
  return 0;
}
