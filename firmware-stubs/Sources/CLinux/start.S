// Entry of a Linux program. The kernel leaves argc at the top of the stack, argv behind it; the
// stack is aligned as the processor's ABI asks at a call, .bss is clear.

#if defined(__arm__)

  .syntax unified
  .arm

  .section .text.start, "ax"
  .globl _start
_start:
  ldr r0, [sp]                  // argc
  add r1, sp, #4                // argv
  ldr r2, =linux_argv
  str r1, [r2]
  mov r11, #0                   // the outermost frame
  mov lr, #0
  bl main
  mov r7, #248                  // exit_group, with what main() returned
  svc #0

#elif defined(LINUX_C_LIBRARY)

  // It enters, and calls this with argc and argv before main().
  .text
keep_arguments:
  mov %rsi, linux_argv(%rip)
  ret

  .section .init_array, "aw"
  .balign 8
  .quad keep_arguments

#elif defined(__x86_64__)

  .section .text.start, "ax"
  .globl _start
_start:
  mov (%rsp), %edi              // argc
  lea 8(%rsp), %rsi             // argv
  mov %rsi, linux_argv(%rip)
  xor %ebp, %ebp                // the outermost frame
  call main
  mov %eax, %edi
  mov $231, %eax                // exit_group, with what main() returned
  syscall

#endif

  .section .bss.linux_argv, "aw", %nobits
  .globl linux_argv
  .balign 8
linux_argv:
  .space 8

  .section .note.GNU-stack, "", %progbits
