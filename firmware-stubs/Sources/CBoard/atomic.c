// The atomic functions that compilers call for processors before ARMv6, which have no exclusive
// load and store. Ordinary accesses will do: there is one core, and all work is done in interrupts
// that do not nest. Under other names here, for the true ones are the compiler's.
#if __ARM_ARCH < 6
#include <stdint.h>

uint32_t load(const volatile uint32_t *address, int order) __asm__("__atomic_load_4");
uint32_t load(const volatile uint32_t *address, int order) {
  (void)order;
  return *address;
}

void store(volatile uint32_t *address, uint32_t value, int order) __asm__("__atomic_store_4");
void store(volatile uint32_t *address, uint32_t value, int order) {
  (void)order;
  *address = value;
}

uint32_t fetch_sub(volatile uint32_t *, uint32_t, int) __asm__("__atomic_fetch_sub_4");
uint32_t fetch_sub(volatile uint32_t *address, uint32_t value, int order) {
  (void)order;
  uint32_t old = *address;
  *address = old - value;
  return old;
}
#endif
