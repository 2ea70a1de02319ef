/* Steps that are deferred until a program is loaded. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* An empty directory but for a file. */
struct place {
    char directory[109], mark[109], path[120];
};

static void make_place(struct place *place)
{
    own_path(place->mark, 60);
    strcpy(place->directory, place->mark);
    *strrchr(place->directory, '/') = 0;
    write_program(place->mark, "a mark");
}

/* One of the programs that the test has compiled. */
static const char *program(const char *kind, char path[256])
{
    const char *folder = getenv("IPCX_PROGRAMS");

    snprintf(path, 256, "%s/%s", folder ? folder : "", kind);
    if (folder && access(path, X_OK) == 0)
        return path;
    printf("skipped: %s program: none was compiled\n", kind);
    return NULL;
}

static void do_in_an_empty_root(const char *kind)
{
    struct place place;
    char path[256], expected[256];
    struct plan plan;
    int32_t root;

    if (!program(kind, path))
        return;
    make_place(&place);
    root = ipcx_open_path(place.directory, IPCX_OPEN_DIRECTORY);
    plan = plan_to_run(path, strrchr(place.mark, '/'), "an argument");
    defer_with(&plan, IPCX_STEP_CHANGE_ROOT, root, 0);
    sprintf(expected, "/\na mark\nprogram\n%s\nan argument\n",
            strrchr(place.mark, '/'));
    CHECK_SAYS(&plan, expected);
    ipcx_close(root);
    remove_own_path(place.mark);
}

static void do_in_another_mount_namespace(const char *kind)
{
    struct place place;
    char path[256], expected[512];
    struct plan plan;
    int32_t here = open_of(getpid(), "ns/mnt"), there;

    if (!program(kind, path))
        return;
    make_place(&place);
    CHECK_IS(unlink(place.mark), 0);
    CHECK_IS(unshare(CLONE_NEWNS), 0);
    CHECK_IS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    /* The program is not to be found there. */
    CHECK_IS(mount("none", getenv("IPCX_PROGRAMS"), "tmpfs", 0, NULL), 0);
    CHECK_IS(mount("none", place.directory, "tmpfs", 0, NULL), 0);
    write_program(place.mark, "a mark");
    there = open_of(getpid(), "ns/mnt");
    CHECK_IS(setns(here, CLONE_NEWNS), 0);
    plan = plan_to_run(path, place.mark, "an argument");
    defer_with(&plan, IPCX_STEP_JOIN, there, CLONE_NEWNS);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, place.directory,
              strlen(place.directory) + 1);
    sprintf(expected, "%s\na mark\nprogram\n%s\nan argument\n", place.directory,
            place.mark);
    CHECK_SAYS(&plan, expected);
    ipcx_close(there);
    ipcx_close(here);
    CHECK_IS(rmdir(place.directory), 0);
}

static void every_kind_of_program_runs_in_an_empty_root(void)
{
    do_in_an_empty_root("dynamic");
    do_in_an_empty_root("fixed");
    do_in_an_empty_root("static");
    do_in_an_empty_root("static-pie");
}

static void a_dynamic_program_runs_in_another_mount_namespace(void)
{
    do_in_another_mount_namespace("dynamic");
}

static void a_static_program_runs_in_another_mount_namespace(void)
{
    do_in_another_mount_namespace("static");
}

static void a_deferred_step_has_its_index(void)
{
    struct plan plan = plan_to_say(":");

    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/", 2);
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/usr", 5);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH | IPCX_STEP_TOLERATED, 0,
              "/nowhere", 9);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/nowhere/at/all", 16);
    CHECK_REFUSED(&plan, ENOENT, first_deferred(&plan) + 2);
    plan.n_deferred = 2;
    plan.paths[0] = "/nowhere/at/all";
    CHECK_REFUSED(&plan, ENOENT, 2);
    plan.paths[0] = "/bin/sh";
    step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
    CHECK_REFUSED(&plan, EBADF, first_deferred(&plan) + 2);
}

static void what_is_lent_and_fetched_arrives(void)
{
    const uint64_t limit[2] = {50, 60};
    struct plan plan = plan_to_say("pwd -P; ulimit -Sn; ulimit -Hn; "
                                   "[ ! -e /proc/self/fd/30 ] && echo closed");

    step(&plan, IPCX_STEP_DUPLICATE, 0, 30, 0);
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/usr", 5);
    step_with(&plan, IPCX_STEP_LIMIT, RLIMIT_NOFILE, limit, sizeof(limit));
    step(&plan, IPCX_STEP_CLOSE_RANGE, 30, 30, 0);
    CHECK_SAYS(&plan, "/usr\n50\n60\nclosed\n");
}

static void privileges_are_given_up_late(void)
{
    const uint32_t groups[3] = {1234, 5678, 91011};
    struct plan plan = plan_to_say(
        "id -u; id -G; "
        "set -- $(grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status); "
        "echo $((0x$2 >> 5 & 1)) $4");

    defer(&plan);
    step(&plan, IPCX_STEP_BOUND, CAP_KILL, 0, 0);
    step_with(&plan, IPCX_STEP_GROUPS, 3, groups, sizeof(groups));
    step(&plan, IPCX_STEP_GID, 4321, 0, 0);
    step(&plan, IPCX_STEP_UID, -2, 0, 0);
    step(&plan, IPCX_STEP_NO_NEW_PRIVS, 0, 0, 0);
    CHECK_SAYS(&plan, "4294967294\n4321 1234 5678 91011\n0 1\n");
    step(&plan, IPCX_STEP_UID, 0, 0, 0);
    CHECK_REFUSED(&plan, EPERM, first_deferred(&plan) + 5);
}

static void capabilities_are_dropped_late(void)
{
    /* By the shell itself: what it executes has root's again. */
    struct plan plan = plan_to_say(
        "while read -r name set; do [ $name = CapEff: ] && "
        "echo $((0x$set >> 5 & 1)) $((0x$set >> 39 & 1)) $((0x$set & 1)); "
        "done </proc/self/status; :");

    defer(&plan);
    step(&plan, IPCX_STEP_DROP, 1 << CAP_KILL, 1 << (CAP_BPF - 32), 0);
    CHECK_SAYS(&plan, "0 0 1\n");
}

static void what_is_paused_has_done_its_deferred_steps(void)
{
    struct plan plan = plan_to_say(":");
    int32_t outcome[IPCX_OUTCOME_SLOTS];
    char path[64], place[8] = "";
    siginfo_t info;

    plan.flags = IPCX_PLAN_PAUSED;
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/usr", 5);
    CHECK_IS(carry_out(&plan, outcome), 0);
    CHECK_IS(waitid(P_PID, (id_t)outcome[IPCX_OUTCOME_PID], &info, WSTOPPED),
             0);
    sprintf(path, "/proc/%d/cwd", outcome[IPCX_OUTCOME_PID]);
    CHECK_IS(readlink(path, place, sizeof(place)), 4);
    CHECK(strcmp(place, "/usr") == 0);
    CHECK_IS(ipcx_signal(outcome[IPCX_OUTCOME_PIDFD], SIGCONT), 0);
    CHECK_IS(await(outcome), 0);
}

static void a_fork_is_traced_as_well(void)
{
    struct plan plan = plan_to_say("pwd -P");

    step(&plan, IPCX_STEP_FORK, 0, 0, 0);
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/usr", 5);
    CHECK_SAYS(&plan, "/usr\n");
    plan.flags = IPCX_PLAN_COPY;
    CHECK_SAYS(&plan, "/usr\n");
    step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
    CHECK_REFUSED(&plan, EBADF, first_deferred(&plan) + 1);
}

static void a_program_that_ends_in_its_loader_is_refused(void)
{
    char path[256];
    struct plan plan = plan_to_say(":");

    /* This loader says what it would load, and ends. */
    plan.environment[1] = "LD_TRACE_LOADED_OBJECTS=1";
    step(&plan, IPCX_STEP_DUPLICATE, ipcx_open_path("/dev/null", IPCX_OPEN_WRITE),
         1, 0);
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/", 2);
    CHECK_REFUSED(&plan, ESRCH, IPCX_FAILED_TRACE);
    ipcx_close(plan.steps[0][1]);
    /* And this one lacks a library. */
    if (!program("incomplete", path))
        return;
    plan = plan_to_run(path, NULL, NULL);
    step(&plan, IPCX_STEP_CLOSE_RANGE, 2, 2, 0);
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/", 2);
    CHECK_REFUSED(&plan, ESRCH, IPCX_FAILED_TRACE);
}

void test_trace(void)
{
    RUN_AS_ROOT(every_kind_of_program_runs_in_an_empty_root);
    RUN_AS_ROOT(a_dynamic_program_runs_in_another_mount_namespace);
    RUN_AS_ROOT(a_static_program_runs_in_another_mount_namespace);
    RUN(a_deferred_step_has_its_index);
    RUN(what_is_lent_and_fetched_arrives);
    RUN_AS_ROOT(privileges_are_given_up_late);
    RUN_AS_ROOT(capabilities_are_dropped_late);
    RUN(what_is_paused_has_done_its_deferred_steps);
    RUN(a_fork_is_traced_as_well);
    RUN(a_program_that_ends_in_its_loader_is_refused);
}
