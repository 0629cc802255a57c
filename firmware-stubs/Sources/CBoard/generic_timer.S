// The generic timer of ARMv7-A. On other processors these do not exist, so that using them is a
// link error.
#if __ARM_ARCH >= 7
  .syntax unified
  .arm

  .section .text.virtual_count, "ax"
  .globl virtual_count
virtual_count:
  isb
  mrrc p15, 1, r0, r1, c14      // CNTVCT
  bx lr

  .section .text.set_virtual_timer, "ax"
  .globl set_virtual_timer
set_virtual_timer:
  mcrr p15, 3, r0, r1, c14      // CNTV_CVAL
  mcr p15, 0, r2, c14, c3, 1    // CNTV_CTL
  isb
  bx lr
#endif
