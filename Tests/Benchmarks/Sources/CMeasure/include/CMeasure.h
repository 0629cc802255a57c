/// What the benchmarks take from C: the clock, output, the way an emulator calls a device, floors.
#ifndef CMEASURE_H
#define CMEASURE_H

#include <stddef.h>
#include <stdint.h>

/// Nanoseconds of processor time that this program has used: others on the machine do not count.
uint64_t cmeasure_now(void);

/// How often everything is measured: 31, or `BENCH_ROUNDS` of the environment.
int cmeasure_rounds(void);

/// Has callgrind, where the program runs under it, count instructions from here on.
void cmeasure_count(void);

/// Has callgrind write what it has counted to its next file, under a name, a C string.
void cmeasure_counted(const uint8_t *_Nonnull name);

/// The path at which the register link is measured: `BENCH_LINK` of the environment; NULL for none.
const char *_Nullable cmeasure_link_path(void);

/// Prints one line: a name and its suffix, C strings both, a tab and a number.
void cmeasure_print(const uint8_t *_Nonnull name, const uint8_t *_Nonnull suffix, uint64_t value);

/// A device's load and store, as QEMU's `MemoryRegionOps` has them.
typedef struct {
  uint64_t (*_Nonnull read)(void *_Nullable opaque, uint64_t offset, unsigned width);
  void (*_Nonnull write)(void *_Nullable opaque, uint64_t offset, uint64_t value, unsigned width);
  void *_Nullable opaque;
} CMeasureDevice;

/// A device that does nothing: the floor of every access.
extern const CMeasureDevice cmeasure_empty_device;

/// One access by the BMC, of one byte.
typedef struct {
  uint16_t offset;
  uint8_t value;
  uint8_t is_write;
} CMeasureAccess;

/// Makes `count` accesses, each through the device's pointers; returns a sum of what was read.
uint64_t cmeasure_access(
    const CMeasureDevice *_Nonnull device, const CMeasureAccess *_Nonnull accesses, size_t count);

/// Copies bytes and adds them up, one at a time: the floor of a codec.
uint8_t cmeasure_copy(
    uint8_t *_Nonnull destination, const uint8_t *_Nonnull source, size_t count);

#endif
