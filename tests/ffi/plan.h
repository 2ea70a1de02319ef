/* Plans for ipcx_spawn(), built step by step, and what becomes of them. */
#ifndef PLAN_H
#define PLAN_H

#include "check.h"

#include <stddef.h>
#include <sys/types.h>

#define MAX_STEPS 24
#define MAX_STRINGS 8

struct plan {
    int32_t steps[MAX_STEPS][4], deferred[MAX_STEPS][4];
    int32_t n_steps, n_deferred;
    _Alignas(8) char data[1024];
    int32_t size;
    bool is_deferring;
    /* Each list ends with NULL. */
    const char *paths[MAX_STRINGS], *arguments[MAX_STRINGS];
    const char *environment[MAX_STRINGS];
    int32_t cgroup, script, flags, pid_variable;
};

/* A plan to become a program with up to two arguments, or a line of shell. */
struct plan plan_to_run(const char *path, const char *first,
                        const char *second);
struct plan plan_to_say(const char *line);

/* From here on steps are deferred until the program is loaded. */
void defer(struct plan *plan);

/* Defers a step with a descriptor, which is kept open until then. */
void defer_with(struct plan *plan, int32_t what, int32_t fd, int32_t b);

/* Adds a step; the steps that trace and exec are added when it is carried out. */
void step(struct plan *plan, int32_t what, int32_t a, int32_t b, int32_t c);

/* Adds a step with data at its third number. */
void step_with(struct plan *plan, int32_t what, int32_t a, const void *data,
               size_t size);

/* The index that the first deferred step has among all. */
int32_t first_deferred(const struct plan *plan);

/* A plan as the shim takes it. */
#define MAX_WORDS (IPCX_PLAN_SLOTS + 4 * (2 * MAX_STEPS + 3))

struct written {
    int32_t words[MAX_WORDS];
    _Alignas(8) char data[2048];
};

void write_plan(const struct plan *plan, struct written *written);
int32_t carry_out(const struct plan *plan, int32_t *outcome);

/* Reaps the child and closes its pidfd. Gives its exit status, or 128 + n. */
int64_t await(const int32_t *outcome);

/* Carries it out with standard output in a pipe; what the program says is to be
 * this, and its exit status 0. */
#define CHECK_SAYS(plan, expected) \
    check_says((plan), (expected), __FILE__, __LINE__)

/* It fails with this error number, told of the step with this index, and leaves
 * neither a process nor a descriptor. */
#define CHECK_REFUSED(plan, number, index) \
    check_refused((plan), (number), (index), __FILE__, __LINE__)

void check_says(const struct plan *plan, const char *expected, const char *file,
                int line);
void check_refused(const struct plan *plan, int32_t number, int32_t index,
                   const char *file, int line);

/* Reads all that comes until the end, which becomes a string. */
void read_all(int fd, char *text, size_t size);

/* A process of its own that does nothing until it is dismissed, with new
 * namespaces of these kinds: of a pid namespace its child is the first process.
 * In a new uts namespace the host's name is "elsewhere". */
pid_t start_elsewhere(int flags);
void dismiss(pid_t pid);

/* Opens /proc/PID/NAME. */
int32_t open_of(pid_t pid, const char *name);

/* Writes a file that can be run. */
void write_program(const char *path, const char *text);

#endif
