/*
 * Children and threads of an interpreter that is traced.
 *
 * It is the interpreter's first thread that is made to join the mount namespace.
 * A thread or a child that read the script in its stead would run it in the
 * caller's, so they are watched until then, too.
 */
#define _GNU_SOURCE
#include "offspring.h"
#include "registers.h"
#include "script.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

/* Who has not stopped after so many pauses never will. */
#define PATIENCE 20000

int ipcx_adopt_offspring(struct ipcx_offspring *offspring, pid_t parent)
{
    unsigned long pid;

    if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &pid) < 0)
        return -errno;
    if (offspring->count == IPCX_MOST_OFFSPRING)
        return -EAGAIN;
    offspring->pids[offspring->count++] = (pid_t)pid;
    return 0;
}

static int is_event_of_birth(int status)
{
    const int event = status >> 16;

    return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
           event == PTRACE_EVENT_CLONE;
}

/* What a signal that has stopped it means to it: ours mean nothing. */
static int signal_of(pid_t pid, int status)
{
    const int signal = WSTOPSIG(status);
    siginfo_t info;

    if (signal == (SIGTRAP | 0x80) || status >> 16)
        return 0;
    /* It begins with this one; one that is stopped by others goes on. */
    if (signal == SIGSTOP || ptrace(PTRACE_GETSIGINFO, pid, 0, &info) < 0)
        return 0;
    return signal;
}

static int look_at(struct ipcx_offspring *offspring, pid_t pid, int status)
{
    ipcx_registers registers;

    if (is_event_of_birth(status))
        return ipcx_adopt_offspring(offspring, pid);
    if (WSTOPSIG(status) != (SIGTRAP | 0x80))
        return 0;
    if (ipcx_get_registers(pid, &registers) < 0)
        /* Killed meanwhile, which the next wait tells, or not one of ours. */
        return errno == ESRCH ? 0 : -ENOEXEC;
    return ipcx_is_reading(offspring->script, pid, &registers) ? -ENOEXEC : 0;
}

static void remove_at(struct ipcx_offspring *offspring, int32_t at)
{
    offspring->pids[at] = offspring->pids[--offspring->count];
}

int ipcx_watch_offspring(struct ipcx_offspring *offspring)
{
    int found = 0;

    for (int32_t i = 0; i < offspring->count; i++) {
        const pid_t pid = offspring->pids[i];
        int status;
        pid_t stopped = waitpid(pid, &status, __WALL | WNOHANG);
        int result;

        if (stopped == 0)
            continue;
        found = 1;
        if (stopped < 0 || !WIFSTOPPED(status)) {
            remove_at(offspring, i--);
            continue;
        }
        result = look_at(offspring, pid, status);
        if (result < 0)
            return result;
        /* One that was killed meanwhile cannot go on, and need not. */
        ptrace(PTRACE_SYSCALL, pid, 0, (long)signal_of(pid, status));
    }
    return found;
}

static void let_go(struct ipcx_offspring *offspring, pid_t pid, int status)
{
    if (is_event_of_birth(status) &&
        ipcx_adopt_offspring(offspring, pid) == 0)
        kill(offspring->pids[offspring->count - 1], SIGSTOP);
    ptrace(PTRACE_DETACH, pid, 0, (long)signal_of(pid, status));
    kill(pid, SIGCONT);
}

/* One that waits for its vfork stops only after that one was let go: they are
 * asked in turn. */
void ipcx_free_offspring(struct ipcx_offspring *offspring)
{
    const struct timespec pause = {.tv_nsec = 50000};

    /* Only who has stopped can be let go. */
    for (int32_t i = 0; i < offspring->count; i++)
        kill(offspring->pids[i], SIGSTOP);
    for (int round = 0; offspring->count > 0 && round < PATIENCE; round++) {
        for (int32_t i = offspring->count - 1; i >= 0; i--) {
            const pid_t pid = offspring->pids[i];
            int status;
            pid_t stopped = waitpid(pid, &status, __WALL | WNOHANG);

            if (stopped == 0)
                continue;
            remove_at(offspring, i);
            if (stopped > 0 && WIFSTOPPED(status))
                let_go(offspring, pid, status);
        }
        if (offspring->count > 0)
            nanosleep(&pause, NULL);
    }
    ipcx_kill_offspring(offspring);
}

void ipcx_kill_offspring(struct ipcx_offspring *offspring)
{
    int status;

    for (int32_t i = 0; i < offspring->count; i++) {
        const pid_t pid = offspring->pids[i];

        if (waitpid(pid, &status, __WALL | WNOHANG) == pid &&
            WIFSTOPPED(status) && is_event_of_birth(status))
            ipcx_adopt_offspring(offspring, pid);
        kill(pid, SIGKILL);
    }
    /* Until then each is a zombie, and a thread's process another one. */
    for (int32_t i = 0; i < offspring->count; i++)
        while (waitpid(offspring->pids[i], &status, __WALL) > 0 &&
               WIFSTOPPED(status))
            ;
    offspring->count = 0;
}
