/* A process that is traced (ptrace(2)): its stops, its memory, its system calls. */
#define _GNU_SOURCE
#include "tracee.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits of this many rounds are shorter than a sleep. */
#define SPIN_ROUNDS 200

static int is_late(const struct tracee *tracee)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > tracee->deadline.tv_sec ||
           (now.tv_sec == tracee->deadline.tv_sec &&
            now.tv_nsec > tracee->deadline.tv_nsec);
}

int tracee_next_stop(struct tracee *tracee)
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

int tracee_resume(const struct tracee *tracee, int how, int signal)
{
    return ptrace(how, tracee->pid, 0, (long)signal) < 0 ? -errno : 0;
}

int tracee_go_on(struct tracee *tracee, int how)
{
    int signal = 0;

    for (;;) {
        int status = tracee_resume(tracee, how, signal);

        if (status >= 0)
            status = tracee_next_stop(tracee);
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

int tracee_peek(const struct tracee *tracee, unsigned long from, long *word)
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
        int result = tracee_peek(tracee, (unsigned long)from + done, &word);

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
    status = tracee_go_on(tracee, PTRACE_SYSCALL);
    if (status >= 0)
        status = tracee_go_on(tracee, PTRACE_SYSCALL);
    if (status < 0)
        return status;
    if (ipcx_get_registers(tracee->pid, &registers) < 0)
        return -errno;
    return IPCX_RESULT(&registers);
}

int tracee_poke_code(const struct tracee *tracee, unsigned long at, long code,
                     long mask, long *before)
{
    long word;
    int result = tracee_peek(tracee, at, &word);

    if (result < 0)
        return result;
    if (before)
        *before = word;
    word = (word & ~mask) | (code & mask);
    return ptrace(PTRACE_POKETEXT, tracee->pid, at, word) < 0 ? -errno : 0;
}

void tracee_begin(struct tracee *tracee, pid_t pid, int32_t script,
                  time_t patience_s)
{
    *tracee = (struct tracee){
        .caller = {call_there, lend_there, fetch_there},
        .pid = pid,
        .offspring.script = script,
    };
    clock_gettime(CLOCK_MONOTONIC, &tracee->deadline);
    tracee->deadline.tv_sec += patience_s;
}
