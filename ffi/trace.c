/*
 * Running the caller's program in another mount namespace (ptrace(2)).
 *
 * A program that is loaded has its libraries mapped, and an interpreter that
 * reads its script has it open: from there on nothing of the caller's mount
 * namespace is needed. So the child execs in that namespace, is stopped at its
 * entry point or at the first read of the script, and is made to join the other
 * one there, by system calls of ours, before any code of its own runs.
 */
#define _GNU_SOURCE
#include "trace.h"
#include "ipcx.h"
#include "script.h"
#include "tracee.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* An interpreter that has not read its script by then never will. */
#define PATIENCE_S 10

/* Reads AT_ENTRY, where the program itself begins, off the stack that exec has
 * made: arguments, environment, auxiliary vector. */
static int find_entry(const struct tracee *tracee, unsigned long *entry)
{
    unsigned long at = IPCX_SP(&tracee->registers);
    long word;
    int result = tracee_peek(tracee, at, &word);

    if (result < 0)
        return result;
    at += sizeof(long) * ((unsigned long)word + 2);
    do {
        result = tracee_peek(tracee, at, &word);
        if (result < 0)
            return result;
        at += sizeof(long);
    } while (word != 0);
    for (;;) {
        long value;

        result = tracee_peek(tracee, at, &word);
        if (result >= 0)
            result = tracee_peek(tracee, at + sizeof(long), &value);
        if (result < 0)
            return result;
        if (word == AT_ENTRY) {
            *entry = (unsigned long)value;
            return 0;
        }
        if (word == AT_NULL)
            return -ENOEXEC;
        at += 2 * sizeof(long);
    }
}

/* Lets the loader do its work. */
static int run_to_entry(struct tracee *tracee, unsigned long entry)
{
    long before;
    int result;

    if (IPCX_PC(&tracee->registers) == entry)
        return 0;
    result = tracee_poke_code(tracee, entry, IPCX_BREAKPOINT_CODE,
                       IPCX_BREAKPOINT_MASK, &before);
    if (result >= 0)
        result = tracee_go_on(tracee, PTRACE_CONT);
    if (result < 0)
        return result;
    if (ipcx_get_registers(tracee->pid, &tracee->registers) < 0)
        return -errno;
    if (IPCX_PC(&tracee->registers) != entry + IPCX_BREAKPOINT_SKIP)
        return -ENOEXEC;
    IPCX_PC(&tracee->registers) = entry;
    return tracee_poke_code(tracee, entry, before, -1, NULL);
}

/* A system call of the process itself, other than those of ours. */
static int next_call(struct tracee *tracee)
{
    for (;;) {
        int status = tracee_go_on(tracee, PTRACE_SYSCALL);

        if (status < 0)
            return status;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            break;
        /* The stop of an exec, such as env's, stands within its call. */
        if (status >> 16 != PTRACE_EVENT_EXEC) {
            status = ipcx_adopt_offspring(&tracee->offspring, tracee->pid);
            if (status < 0)
                return status;
        }
    }
    return ipcx_get_registers(tracee->pid, &tracee->registers) < 0 ? -errno : 0;
}

static int do_steps(struct tracee *tracee, struct ipcx_deferred *deferred)
{
    for (int32_t i = 0; i < deferred->count; i++) {
        int result = ipcx_do_step(&tracee->caller,
                                  deferred->steps + i * IPCX_STEP_WORDS,
                                  deferred->data, NULL);

        if (result < 0) {
            deferred->failed = i;
            return result;
        }
    }
    return 0;
}

/* At the entry point there is no system call to use: one is put there. */
static int do_steps_at_entry(struct tracee *tracee,
                             struct ipcx_deferred *deferred)
{
    unsigned long entry;
    long before;
    int result;

    if (ipcx_get_registers(tracee->pid, &tracee->registers) < 0)
        return -errno;
    result = find_entry(tracee, &entry);
    if (result >= 0)
        result = run_to_entry(tracee, entry);
    if (result >= 0)
        result = tracee_poke_code(tracee, entry, IPCX_SYSCALL_CODE,
                           IPCX_SYSCALL_CODE_MASK, &before);
    if (result < 0)
        return result;
    tracee->code = entry;
    result = do_steps(tracee, deferred);
    if (result < 0)
        return result;
    result = tracee_poke_code(tracee, entry, before, -1, NULL);
    if (result >= 0 && ipcx_set_registers(tracee->pid, &tracee->registers) < 0)
        result = -errno;
    return result;
}

/* Goes on to the first read of the script: 1, or -errno. */
static int find_script(struct tracee *tracee, int32_t fd)
{
    struct ipcx_script script = {.fd = fd, .probed = -1};

    for (;;) {
        int result = next_call(tracee);

        if (result >= 0)
            result = ipcx_look_at_call(&script, tracee->pid, &tracee->registers);
        if (result != 0)
            return result;
        result = next_call(tracee);
        if (result < 0)
            return result;
    }
}

/* In front of the read that starts it all there is a system call to use. */
static int do_steps_at_script(struct tracee *tracee,
                              struct ipcx_deferred *deferred)
{
    int result = find_script(tracee, deferred->script);

    if (result == -ESRCH || result == -ETIMEDOUT || result == -ENOEXEC) {
        deferred->failed = IPCX_FAILED_SCRIPT;
        return -ENOEXEC;
    }
    if (result < 0)
        return result;
    if (ipcx_skip_call(tracee->pid, &tracee->registers) < 0)
        return -errno;
    result = tracee_go_on(tracee, PTRACE_SYSCALL);
    if (result < 0)
        return result;
    ipcx_call_again(&tracee->registers);
    tracee->code = IPCX_PC(&tracee->registers);
    result = do_steps(tracee, deferred);
    if (result >= 0 && ipcx_set_registers(tracee->pid, &tracee->registers) < 0)
        result = -errno;
    return result;
}

static int trace(struct tracee *tracee, struct ipcx_deferred *deferred)
{
    const long births =
        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
                         PTRACE_O_TRACEEXEC |
                         (deferred->script >= 0 ? births : 0);
    int result = tracee_next_stop(tracee);

    if (result < 0)
        return result;
    if (ptrace(PTRACE_SETOPTIONS, tracee->pid, 0, options) < 0)
        return -errno;
    if (deferred->count > 0)
        result = deferred->script >= 0 ? do_steps_at_script(tracee, deferred)
                                       : do_steps_at_entry(tracee, deferred);
    if (result >= 0) {
        ipcx_free_offspring(&tracee->offspring);
        result = tracee_resume(tracee, PTRACE_DETACH, deferred->paused ? SIGSTOP : 0);
    }
    return result;
}

/* Let go with a signal, it runs until that is delivered. */
static int wait_until_stopped(pid_t pid)
{
    siginfo_t info;

    while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

int ipcx_trace(pid_t pid, struct ipcx_deferred *deferred)
{
    struct tracee tracee;
    int result;

    tracee_begin(&tracee, pid, deferred->script, PATIENCE_S);
    deferred->failed = IPCX_FAILED_TRACE;
    result = trace(&tracee, deferred);
    if (result < 0) {
        kill(pid, SIGKILL);
        ipcx_kill_offspring(&tracee.offspring);
    } else if (deferred->paused) {
        result = wait_until_stopped(pid);
    }
    return result;
}
