/* Plans for ipcx_spawn(), built step by step, and what becomes of them. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SAID 4096
#define KEPT_NUMBER 60

struct plan plan_to_run(const char *path, const char *first, const char *second)
{
    return (struct plan){
        .paths = {path},
        .arguments = {"program", first, second},
        .environment = {"PATH=/usr/bin:/bin"},
        .cgroup = -1,
        .script = -1,
        .pid_variable = -1,
    };
}

struct plan plan_to_say(const char *line)
{
    return plan_to_run("/bin/sh", "-c", line);
}

void defer(struct plan *plan)
{
    plan->is_deferring = true;
}

void step(struct plan *plan, int32_t what, int32_t a, int32_t b, int32_t c)
{
    int32_t *added = plan->is_deferring ? plan->deferred[plan->n_deferred++]
                                        : plan->steps[plan->n_steps++];

    memcpy(added, (int32_t[4]){what, a, b, c}, sizeof(int32_t[4]));
}

void step_with(struct plan *plan, int32_t what, int32_t a, const void *data,
               size_t size)
{
    step(plan, what, a, 0, plan->size);
    memcpy(plan->data + plan->size, data, size);
    plan->size += ((int32_t)size + 7) & ~7;
}

void defer_with(struct plan *plan, int32_t what, int32_t fd, int32_t b)
{
    plan->is_deferring = false;
    step(plan, IPCX_STEP_DUPLICATE, fd, KEPT_NUMBER, 0);
    plan->is_deferring = true;
    step(plan, what, KEPT_NUMBER, b, 0);
    step(plan, IPCX_STEP_CLOSE_RANGE, KEPT_NUMBER, KEPT_NUMBER, 0);
}

static bool is_traced(const struct plan *plan)
{
    return plan->n_deferred > 0 || plan->flags & IPCX_PLAN_PAUSED;
}

int32_t first_deferred(const struct plan *plan)
{
    return plan->n_steps + is_traced(plan) + 1;
}

static int32_t append(char *data, int32_t *size, const char *const *strings)
{
    int32_t count = 0;

    for (; strings[count]; count++)
        *size += 1 + sprintf(data + *size, "%s", strings[count]);
    return count;
}

void write_plan(const struct plan *plan, struct written *written)
{
    int32_t *words = written->words, size = plan->size;
    int32_t(*next)[4] = (int32_t(*)[4])(words + IPCX_PLAN_SLOTS);
    char *data = written->data;

    memcpy(data, plan->data, sizeof(plan->data));
    words[IPCX_PLAN_STEPS] = first_deferred(plan);
    words[IPCX_PLAN_DEFERRED] = plan->n_deferred;
    words[IPCX_PLAN_STRINGS] = size;
    words[IPCX_PLAN_PATHS] = append(data, &size, plan->paths);
    words[IPCX_PLAN_ARGUMENTS] = append(data, &size, plan->arguments);
    words[IPCX_PLAN_ENVIRONMENT] = append(data, &size, plan->environment);
    words[IPCX_PLAN_CGROUP] = plan->cgroup;
    words[IPCX_PLAN_SCRIPT] = plan->script;
    words[IPCX_PLAN_FLAGS] = plan->flags;
    memcpy(next, plan->steps, sizeof(*next) * (size_t)plan->n_steps);
    next += plan->n_steps;
    if (is_traced(plan))
        memcpy(next++, (int32_t[4]){IPCX_STEP_TRACE}, sizeof(*next));
    memcpy(next++, (int32_t[4]){IPCX_STEP_EXEC, plan->pid_variable},
           sizeof(*next));
    memcpy(next, plan->deferred, sizeof(*next) * (size_t)plan->n_deferred);
}

int32_t carry_out(const struct plan *plan, int32_t *outcome)
{
    /* Of its own: what the child writes over, such as its pid, is gone after. */
    struct written written;

    write_plan(plan, &written);
    return ipcx_spawn(written.words, written.data, outcome);
}

int64_t await(const int32_t *outcome)
{
    int64_t ended[IPCX_ENDED_SLOTS];
    siginfo_t info;

    while (waitid(P_PID, (id_t)outcome[IPCX_OUTCOME_PID], &info,
                  WEXITED | WNOWAIT) < 0 &&
           errno == EINTR)
        continue;
    CHECK_IS(ipcx_wait(outcome[IPCX_OUTCOME_PIDFD], ended), 1);
    CHECK_IS(ipcx_close(outcome[IPCX_OUTCOME_PIDFD]), 0);
    return ended[IPCX_ENDED_STATUS] +
           (ended[IPCX_ENDED_CODE] == CLD_EXITED ? 0 : 128);
}

void read_all(int fd, char *text, size_t size)
{
    size_t length = 0;
    ssize_t got;

    while (length < size - 1 &&
           (got = read(fd, text + length, size - 1 - length)) != 0)
        if (got > 0)
            length += (size_t)got;
        else if (errno != EINTR)
            break;
    text[length] = 0;
}

void check_says(const struct plan *plan, const char *expected, const char *file,
                int line)
{
    struct plan piped = *plan;
    int32_t ends[2], outcome[IPCX_OUTCOME_SLOTS];
    char said[MAX_SAID];

    CHECK_IS(ipcx_pipe(ends), 0);
    memmove(piped.steps + 1, plan->steps,
            sizeof(*plan->steps) * (size_t)piped.n_steps++);
    memcpy(piped.steps, (int32_t[4]){IPCX_STEP_DUPLICATE, ends[1], 1, 0},
           sizeof(*piped.steps));
    if (check_is(carry_out(&piped, outcome), 0, file, line, "what came of it",
                 "success") < 0) {
        printf("%s:%d: it was step %d\n", file, line,
               outcome[IPCX_OUTCOME_FAILED] - 1);
        close_pair(ends);
        return;
    }
    ipcx_close(ends[1]);
    read_all(ends[0], said, sizeof(said));
    ipcx_close(ends[0]);
    if (!check(strcmp(said, expected) == 0, file, line, expected))
        printf("%s:%d: it said instead: %s\n", file, line, said);
    check_is(await(outcome), 0, file, line, "the exit status", "success");
}

void check_refused(const struct plan *plan, int32_t number, int32_t index,
                   const char *file, int line)
{
    int32_t outcome[IPCX_OUTCOME_SLOTS];
    int open = count_open();

    check_is(carry_out(plan, outcome), -number, file, line, "what came of it",
             "the error");
    check_is(outcome[IPCX_OUTCOME_FAILED], index, file, line,
             "what is told to have failed", "the step");
    check_is(count_open(), open, file, line, "how many are open", "as before");
    check(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD, file,
          line, "no process is left");
}

pid_t start_elsewhere(int flags)
{
    int ready[2];
    pid_t pid;

    CHECK_IS(pipe2(ready, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(flags) < 0 ||
            (flags & CLONE_NEWUTS && sethostname("elsewhere", 9) < 0))
            _exit(1);
        /* A pid namespace is there when its first process is, which is not the
         * one that has made it. */
        if (!(flags & CLONE_NEWPID) || fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (write(ready[1], "", 1) != 1)
                _exit(1);
        }
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK_IS(read(ready[0], &(char){0}, 1), 1);
    close(ready[0]);
    return pid;
}

void dismiss(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK_IS(waitpid(pid, NULL, 0), pid);
}

int32_t open_of(pid_t pid, const char *name)
{
    char path[64];
    int32_t fd;

    sprintf(path, "/proc/%d/%s", (int)pid, name);
    fd = ipcx_open_path(path, IPCX_OPEN_READ);
    CHECK(fd >= 0);
    return fd;
}

void write_program(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

    CHECK(fd >= 0);
    CHECK_IS(write(fd, text, strlen(text)), (int64_t)strlen(text));
    close(fd);
}
