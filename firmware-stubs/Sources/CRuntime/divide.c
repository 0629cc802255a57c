// Division for ARM processors without a divide instruction, under the ARM run-time ABI's names.
//
// A pair is returned in registers: quotient and remainder packed in a 64-bit value for 32-bit
// operands; for 64-bit operands divide64.S moves the remainder into place. Division by zero gives
// quotient 0 here; Swift checks for it before it divides.
#include <stdint.h>

#if defined(__arm__)

uint64_t __aeabi_uidivmod(uint32_t numerator, uint32_t denominator) {
  uint32_t quotient = 0, remainder = 0;
  for (int bit = 31; denominator != 0 && bit >= 0; bit -= 1) {
    uint32_t carry = remainder >> 31;
    remainder = remainder << 1 | (numerator >> bit & 1);
    if (carry || remainder >= denominator) {
      remainder -= denominator;
      quotient |= UINT32_C(1) << bit;
    }
  }
  return (uint64_t)remainder << 32 | quotient;
}

uint32_t __aeabi_uidiv(uint32_t numerator, uint32_t denominator) {
  return (uint32_t)__aeabi_uidivmod(numerator, denominator);
}

// The sign of the quotient is the product of the signs; the remainder has the numerator's.
uint64_t __aeabi_idivmod(int32_t numerator, int32_t denominator) {
  uint32_t n = numerator < 0 ? -(uint32_t)numerator : (uint32_t)numerator;
  uint32_t d = denominator < 0 ? -(uint32_t)denominator : (uint32_t)denominator;
  uint64_t pair = __aeabi_uidivmod(n, d);
  uint32_t quotient = (uint32_t)pair, remainder = (uint32_t)(pair >> 32);
  if ((numerator < 0) != (denominator < 0)) quotient = -quotient;
  if (numerator < 0) remainder = -remainder;
  return (uint64_t)remainder << 32 | quotient;
}

int32_t __aeabi_idiv(int32_t numerator, int32_t denominator) {
  return (int32_t)(uint32_t)__aeabi_idivmod(numerator, denominator);
}

uint64_t divide_unsigned64(uint64_t numerator, uint64_t denominator, uint64_t *remainder) {
  uint64_t quotient = 0, rest = 0;
  for (int bit = 63; denominator != 0 && bit >= 0; bit -= 1) {
    uint64_t carry = rest >> 63;
    rest = rest << 1 | (numerator >> bit & 1);
    if (carry || rest >= denominator) {
      rest -= denominator;
      quotient |= UINT64_C(1) << bit;
    }
  }
  *remainder = rest;
  return quotient;
}

int64_t divide_signed64(int64_t numerator, int64_t denominator, int64_t *remainder) {
  uint64_t n = numerator < 0 ? -(uint64_t)numerator : (uint64_t)numerator;
  uint64_t d = denominator < 0 ? -(uint64_t)denominator : (uint64_t)denominator;
  uint64_t rest;
  uint64_t quotient = divide_unsigned64(n, d, &rest);
  *remainder = (int64_t)(numerator < 0 ? -rest : rest);
  return (int64_t)((numerator < 0) != (denominator < 0) ? -quotient : quotient);
}

#endif
