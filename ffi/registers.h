/* Registers of a traced process, by architecture. */
#ifndef IPCX_REGISTERS_H
#define IPCX_REGISTERS_H

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

typedef struct user_regs_struct ipcx_registers;

/* syscall; int3 */
#define IPCX_SYSCALL_CODE 0xcc050fL
#define IPCX_SYSCALL_CODE_MASK 0xffffffL
#define IPCX_SYSCALL_SIZE 2
#define IPCX_BREAKPOINT_CODE 0xccL
#define IPCX_BREAKPOINT_MASK 0xffL
/* How far a breakpoint has moved the program counter. */
#define IPCX_BREAKPOINT_SKIP 1
#define IPCX_RED_ZONE 128

#define IPCX_PC(registers) ((registers)->rip)
#define IPCX_SP(registers) ((registers)->rsp)
#define IPCX_RESULT(registers) ((long)(registers)->rax)
#define IPCX_SYSCALL_NUMBER(registers) ((long)(registers)->orig_rax)
#define IPCX_ARGUMENT(registers, index) \
    ((long)((index) == 0   ? (registers)->rdi \
            : (index) == 1 ? (registers)->rsi \
            : (index) == 2 ? (registers)->rdx \
            : (index) == 3 ? (registers)->r10 \
            : (index) == 4 ? (registers)->r8  \
                           : (registers)->r9))

static inline void ipcx_set_call(ipcx_registers *registers, long number,
                                 const long *arguments)
{
    registers->rax = (unsigned long)number;
    /* No system call to restart: this is the next one. */
    registers->orig_rax = (unsigned long)-1;
    registers->rdi = (unsigned long)arguments[0];
    registers->rsi = (unsigned long)arguments[1];
    registers->rdx = (unsigned long)arguments[2];
    registers->r10 = (unsigned long)arguments[3];
    registers->r8 = (unsigned long)arguments[4];
    registers->r9 = (unsigned long)arguments[5];
}

/* Makes the kernel skip the system call that the process is about to enter. */
static inline long ipcx_skip_call(pid_t pid, ipcx_registers *registers)
{
    ipcx_registers skipping = *registers;
    struct iovec part = {&skipping, sizeof(skipping)};

    skipping.orig_rax = (unsigned long)-1;
    return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}

/* Has the system call of these registers, which was skipped, done after all. */
static inline void ipcx_call_again(ipcx_registers *registers)
{
    registers->rax = registers->orig_rax;
    registers->orig_rax = (unsigned long)-1;
    registers->rip -= IPCX_SYSCALL_SIZE;
}

#elif defined(__aarch64__)

typedef struct user_regs_struct ipcx_registers;

/* svc #0; brk #0 */
#define IPCX_SYSCALL_CODE ((long)0xd4200000d4000001UL)
#define IPCX_SYSCALL_CODE_MASK (~0L)
#define IPCX_SYSCALL_SIZE 4
#define IPCX_BREAKPOINT_CODE 0xd4200000L
#define IPCX_BREAKPOINT_MASK 0xffffffffL
#define IPCX_BREAKPOINT_SKIP 0
#define IPCX_RED_ZONE 0

#define IPCX_PC(registers) ((registers)->pc)
#define IPCX_SP(registers) ((registers)->sp)
#define IPCX_RESULT(registers) ((long)(registers)->regs[0])
#define IPCX_SYSCALL_NUMBER(registers) ((long)(registers)->regs[8])
#define IPCX_ARGUMENT(registers, index) ((long)(registers)->regs[index])

static inline void ipcx_set_call(ipcx_registers *registers, long number,
                                 const long *arguments)
{
    registers->regs[8] = (unsigned long)number;
    for (int i = 0; i < 6; i++)
        registers->regs[i] = (unsigned long)arguments[i];
}

static inline long ipcx_skip_call(pid_t pid, ipcx_registers *registers)
{
    int number = -1;
    struct iovec part = {&number, sizeof(number)};

    (void)registers;
    return ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part);
}

static inline void ipcx_call_again(ipcx_registers *registers)
{
    registers->pc -= IPCX_SYSCALL_SIZE;
}

#else
#error "ipcx knows the registers of x86-64 and arm64"
#endif

static inline long ipcx_get_registers(pid_t pid, ipcx_registers *registers)
{
    struct iovec part = {registers, sizeof(*registers)};
    long result = ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part);

    /* A 32-bit program has others, and other numbers for its system calls. */
    if (result == 0 && part.iov_len != sizeof(*registers)) {
        errno = ENOEXEC;
        return -1;
    }
    return result;
}

static inline long ipcx_set_registers(pid_t pid, const ipcx_registers *registers)
{
    struct iovec part = {(void *)registers, sizeof(*registers)};

    return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}

#endif
