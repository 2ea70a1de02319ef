/* Jumping into a program, and being jumped to: what the ABI of each processor says. */
#ifndef IPCX_ENTRY_H
#define IPCX_ENTRY_H

#include <elf.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Enters a program as the kernel does: with a stack, and nothing to be called at exit. */
_Noreturn void jump(uintptr_t entry, void *stack);

/* Where the dynamic loader goes on; returns to nobody. */
void arrive(void);

#pragma GCC visibility pop

#if defined(__x86_64__)

/* Where the kernel begins; where the loader goes on once all libraries are there,
 * with the function to be called at exit in rdx, which belongs to the runtime. */
__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call begin\n"
        ".globl arrive\n"
        ".hidden arrive\n"
        "arrive:\n"
        "  push %rdx\n"
        "  sub $8, %rsp\n"
        "  call arrived\n"
        "  add $8, %rsp\n"
        "  pop %rdx\n"
        "  jmp *%rax\n");

__asm__(".globl jump\n"
        ".hidden jump\n"
        "jump:\n"
        "  mov %rsi, %rsp\n"
        "  xor %edx, %edx\n"
        "  xor %ebp, %ebp\n"
        "  jmp *%rdi\n");

#elif defined(__aarch64__)

/* As above; here the function to be called at exit is in x0. */
__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, #0\n"
        "  mov x30, #0\n"
        "  mov x0, sp\n"
        "  bl begin\n"
        ".globl arrive\n"
        ".hidden arrive\n"
        "arrive:\n"
        "  mov x19, x0\n"
        "  bl arrived\n"
        "  mov x16, x0\n"
        "  mov x0, x19\n"
        "  mov x29, #0\n"
        "  mov x30, #0\n"
        "  br x16\n");

__asm__(".globl jump\n"
        ".hidden jump\n"
        "jump:\n"
        "  mov sp, x1\n"
        "  mov x16, x0\n"
        "  mov x0, #0\n"
        "  mov x29, #0\n"
        "  mov x30, #0\n"
        "  br x16\n");

#endif

#endif
