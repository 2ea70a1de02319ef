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
#include "offspring.h"
#include "registers.h"
#include "script.h"
#include "steps.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An interpreter that has not read its script by then never will. */
#define PATIENCE_S 10

/* Waits of this many rounds are shorter than a sleep. */
#define SPIN_ROUNDS 200

struct tracee {
    struct ipcx_caller caller;
    pid_t pid;
    ipcx_registers registers; /* to go on with */
    unsigned long code;       /* where a system call instruction is */
    long scratch;             /* the lowest address lent so far */
    struct timespec deadline;
    struct ipcx_offspring offspring;
};

static int is_late(const struct tracee *tracee)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > tracee->deadline.tv_sec ||
           (now.tv_sec == tracee->deadline.tv_sec &&
            now.tv_nsec > tracee->deadline.tv_nsec);
}

/* Waits for the next stop. Returns its status, or -errno; -ESRCH at an end. */
static int next_stop(struct tracee *tracee)
{
    const struct timespec pause = {.tv_nsec = 50000};

    for (int round = 0;; round++) {
        int status, found;
        siginfo_t info = {0};

        /* WNOWAIT: an end is left for whoever reaps. */
        if (waitid(P_PID, (id_t)tracee->pid, &info,
                   WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) < 0) {
            if (errno != EINTR)
                return -errno;
            continue;
        }
        if (info.si_pid == 0) {
            found = ipcx_watch_offspring(&tracee->offspring);
            if (found < 0)
                return found;
            if (round % SPIN_ROUNDS == 0 && is_late(tracee))
                return -ETIMEDOUT;
            if (found || round < SPIN_ROUNDS) {
                sched_yield();
                continue;
            }
            nanosleep(&pause, NULL);
            continue;
        }
        if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
            return -ESRCH;
        if (waitpid(tracee->pid, &status, __WALL) < 0)
            return -errno;
        return status;
    }
}

static int resume(const struct tracee *tracee, int how, int signal)
{
    return ptrace(how, tracee->pid, 0, (long)signal) < 0 ? -errno : 0;
}

/* Goes on until a stop that is no signal of somebody else's, which is passed on. */
static int go_on(struct tracee *tracee, int how)
{
    int signal = 0;

    for (;;) {
        int status = resume(tracee, how, signal);

        if (status >= 0)
            status = next_stop(tracee);
        if (status < 0)
            return status;
        signal = WSTOPSIG(status);
        if (signal == SIGTRAP || signal == (SIGTRAP | 0x80))
            return status;
    }
}

static int copy_in(const struct tracee *tracee, unsigned long to,
                   const void *from, size_t size)
{
    for (size_t done = 0; done < size; done += sizeof(long)) {
        size_t part = size - done < sizeof(long) ? size - done : sizeof(long);
        long word = 0;

        memcpy(&word, (const char *)from + done, part);
        if (ptrace(PTRACE_POKEDATA, tracee->pid, to + done, word) < 0)
            return -errno;
    }
    return 0;
}

static int peek(const struct tracee *tracee, unsigned long from, long *word)
{
    errno = 0;
    *word = ptrace(PTRACE_PEEKDATA, tracee->pid, from, 0);
    return *word == -1 && errno ? -errno : 0;
}

/* Below the stack pointer nothing is anybody's. */
static long lend_there(struct ipcx_caller *caller, const void *from, size_t size,
                       int first)
{
    struct tracee *tracee = (struct tracee *)caller;

    if (first)
        tracee->scratch =
            (long)IPCX_SP(&tracee->registers) - IPCX_RED_ZONE;
    tracee->scratch = (tracee->scratch - (long)size) & ~15L;
    return copy_in(tracee, (unsigned long)tracee->scratch, from, size) < 0
               ? 0
               : tracee->scratch;
}

static int fetch_there(struct ipcx_caller *caller, void *to, long from,
                       size_t size)
{
    const struct tracee *tracee = (const struct tracee *)caller;

    for (size_t done = 0; done < size; done += sizeof(long)) {
        size_t part = size - done < sizeof(long) ? size - done : sizeof(long);
        long word;
        int result = peek(tracee, (unsigned long)from + done, &word);

        if (result < 0)
            return result;
        memcpy((char *)to + done, &word, part);
    }
    return 0;
}

/* One system call of ours: in at its instruction, out after it. */
static long call_there(struct ipcx_caller *caller, long number,
                       const long *arguments)
{
    struct tracee *tracee = (struct tracee *)caller;
    ipcx_registers registers = tracee->registers;
    int status;

    ipcx_set_call(&registers, number, arguments);
    IPCX_PC(&registers) = tracee->code;
    if (ipcx_set_registers(tracee->pid, &registers) < 0)
        return -errno;
    status = go_on(tracee, PTRACE_SYSCALL);
    if (status >= 0)
        status = go_on(tracee, PTRACE_SYSCALL);
    if (status < 0)
        return status;
    if (ipcx_get_registers(tracee->pid, &registers) < 0)
        return -errno;
    return IPCX_RESULT(&registers);
}

static int poke_code(const struct tracee *tracee, unsigned long at, long code,
                     long mask, long *before)
{
    long word;
    int result = peek(tracee, at, &word);

    if (result < 0)
        return result;
    if (before)
        *before = word;
    word = (word & ~mask) | (code & mask);
    return ptrace(PTRACE_POKETEXT, tracee->pid, at, word) < 0 ? -errno : 0;
}

/* Reads AT_ENTRY, where the program itself begins, off the stack that exec has
 * made: arguments, environment, auxiliary vector. */
static int find_entry(const struct tracee *tracee, unsigned long *entry)
{
    unsigned long at = IPCX_SP(&tracee->registers);
    long word;
    int result = peek(tracee, at, &word);

    if (result < 0)
        return result;
    at += sizeof(long) * ((unsigned long)word + 2);
    do {
        result = peek(tracee, at, &word);
        if (result < 0)
            return result;
        at += sizeof(long);
    } while (word != 0);
    for (;;) {
        long value;

        result = peek(tracee, at, &word);
        if (result >= 0)
            result = peek(tracee, at + sizeof(long), &value);
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
    result = poke_code(tracee, entry, IPCX_BREAKPOINT_CODE,
                       IPCX_BREAKPOINT_MASK, &before);
    if (result >= 0)
        result = go_on(tracee, PTRACE_CONT);
    if (result < 0)
        return result;
    if (ipcx_get_registers(tracee->pid, &tracee->registers) < 0)
        return -errno;
    if (IPCX_PC(&tracee->registers) != entry + IPCX_BREAKPOINT_SKIP)
        return -ENOEXEC;
    IPCX_PC(&tracee->registers) = entry;
    return poke_code(tracee, entry, before, -1, NULL);
}

/* A system call of the process itself, other than those of ours. */
static int next_call(struct tracee *tracee)
{
    for (;;) {
        int status = go_on(tracee, PTRACE_SYSCALL);

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
        result = poke_code(tracee, entry, IPCX_SYSCALL_CODE,
                           IPCX_SYSCALL_CODE_MASK, &before);
    if (result < 0)
        return result;
    tracee->code = entry;
    result = do_steps(tracee, deferred);
    if (result < 0)
        return result;
    result = poke_code(tracee, entry, before, -1, NULL);
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
    result = go_on(tracee, PTRACE_SYSCALL);
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
    int result = next_stop(tracee);

    if (result < 0)
        return result;
    if (ptrace(PTRACE_SETOPTIONS, tracee->pid, 0, options) < 0)
        return -errno;
    if (deferred->count > 0)
        result = deferred->script >= 0 ? do_steps_at_script(tracee, deferred)
                                       : do_steps_at_entry(tracee, deferred);
    if (result >= 0) {
        ipcx_free_offspring(&tracee->offspring);
        result = resume(tracee, PTRACE_DETACH, deferred->paused ? SIGSTOP : 0);
    }
    return result;
}

int ipcx_trace(pid_t pid, struct ipcx_deferred *deferred)
{
    struct tracee tracee = {
        .caller = {call_there, lend_there, fetch_there},
        .pid = pid,
        .offspring.script = deferred->script,
    };
    int result;

    clock_gettime(CLOCK_MONOTONIC, &tracee.deadline);
    tracee.deadline.tv_sec += PATIENCE_S;
    deferred->failed = IPCX_FAILED_TRACE;
    result = trace(&tracee, deferred);
    if (result < 0) {
        kill(pid, SIGKILL);
        ipcx_kill_offspring(&tracee.offspring);
    }
    return result;
}
