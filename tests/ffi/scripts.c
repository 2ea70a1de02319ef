/* Steps that are deferred until an interpreter is about to read its script. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* Shells have asked for their directory before they read a script. */
#define WHERE "readlink /proc/self/cwd\n"

/* Makes a script, and a plan to run it and to change the directory before it. */
static struct plan plan_for_script(const char *path, const char *text)
{
    struct plan plan = plan_to_run(path, "an argument", NULL);

    write_program(path, text);
    plan.script = ipcx_open_path(path, IPCX_OPEN_READ);
    CHECK(plan.script >= 0);
    defer(&plan);
    step_with(&plan, IPCX_STEP_CHANGE_TO_PATH, 0, "/usr", 5);
    return plan;
}

static void check_script(const char *text, const char *expected)
{
    char path[109];
    struct plan plan;

    own_path(path, 60);
    plan = plan_for_script(path, text);
    CHECK_SAYS(&plan, expected);
    ipcx_close(plan.script);
    remove_own_path(path);
}

static void the_steps_are_done_before_a_script_is_run(void)
{
    check_script("#!/bin/sh\n" WHERE "echo \"$1\"\n", "/usr\nan argument\n");
    /* An interpreter that is executed by another one. */
    check_script("#!/usr/bin/env sh\n" WHERE, "/usr\n");
    if (access("/bin/bash", X_OK) == 0)
        check_script("#!/bin/bash\n" WHERE, "/usr\n");
    if (access("/usr/bin/perl", X_OK) == 0)
        check_script("#!/usr/bin/perl\nuse Cwd; print getcwd(), \"\\n\";\n",
                     "/usr\n");
    if (access("/usr/bin/awk", X_OK) == 0)
        check_script("#!/usr/bin/awk -f\nBEGIN { system(\"readlink /proc/self/cwd\") }\n",
                     "/usr\n");
}

static void a_script_runs_in_another_mount_namespace(void)
{
    int32_t here = open_of(getpid(), "ns/mnt"), there;
    char path[109], expected[120];
    struct plan plan;

    own_path(path, 60);
    plan = plan_for_script(path, "#!/bin/sh\n"
                                 "[ -e \"$0\" ] || echo \"no $0 there\"\n");
    CHECK_IS(unshare(CLONE_NEWNS), 0);
    CHECK_IS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    CHECK_IS(mount("none", "/tmp", "tmpfs", 0, NULL), 0);
    there = open_of(getpid(), "ns/mnt");
    CHECK_IS(setns(here, CLONE_NEWNS), 0);
    plan.n_deferred = 0;
    defer_with(&plan, IPCX_STEP_JOIN, there, CLONE_NEWNS);
    sprintf(expected, "no %s there\n", path);
    CHECK_SAYS(&plan, expected);
    ipcx_close(there);
    ipcx_close(here);
    ipcx_close(plan.script);
    remove_own_path(path);
}

static void a_step_that_fails_at_a_script_has_its_index(void)
{
    char path[109];
    struct plan plan;

    own_path(path, 60);
    plan = plan_for_script(path, "#!/bin/sh\necho hello\n");
    step(&plan, IPCX_STEP_CHANGE_DIRECTORY, -1, 0, 0);
    CHECK_REFUSED(&plan, EBADF, first_deferred(&plan) + 1);
    ipcx_close(plan.script);
    remove_own_path(path);
}

static void check_not_read(const char *text, int32_t number, int32_t index)
{
    char path[109];
    struct plan plan;

    own_path(path, 60);
    plan = plan_for_script(path, text);
    CHECK_REFUSED(&plan, number, index);
    ipcx_close(plan.script);
    remove_own_path(path);
}

static void an_interpreter_that_does_not_read_its_script_is_refused(void)
{
    check_not_read("#!/bin/true\n", ENOEXEC, IPCX_FAILED_SCRIPT);
    check_not_read("#!/nowhere/at/all\n", ENOENT, 1);
}

static void an_interpreter_that_looks_first_is_no_reader_yet(void)
{
    /* It looks at the end of the file, closes it, and opens it again to run it,
     * as Python does. */
    const char line[] = "#!/usr/bin/python3\nimport os\nprint(os.getcwd())\n";

    if (access("/usr/bin/python3", X_OK) == 0)
        check_script(line, "/usr\n");
    else
        printf("skipped: a script of /usr/bin/python3: it is not installed\n");
}

void test_scripts(void)
{
    RUN(the_steps_are_done_before_a_script_is_run);
    RUN_AS_ROOT(a_script_runs_in_another_mount_namespace);
    RUN(a_step_that_fails_at_a_script_has_its_index);
    RUN(an_interpreter_that_does_not_read_its_script_is_refused);
    RUN(an_interpreter_that_looks_first_is_no_reader_yet);
}
