/* What a namespace's file says of it. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static void every_kind_is_told(void)
{
    const struct {
        const char *name;
        int32_t flag;
    } kinds[] = {
        {"ns/cgroup", CLONE_NEWCGROUP}, {"ns/ipc", CLONE_NEWIPC},
        {"ns/mnt", CLONE_NEWNS},        {"ns/net", CLONE_NEWNET},
        {"ns/pid", CLONE_NEWPID},       {"ns/user", CLONE_NEWUSER},
        {"ns/uts", CLONE_NEWUTS},
    };

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        int32_t fd = open_of(getpid(), kinds[i].name);

        CHECK_IS(ipcx_namespace_type(fd), kinds[i].flag);
        ipcx_close(fd);
    }
    if (access("/proc/self/ns/time", F_OK) == 0) {
        int32_t fd = open_of(getpid(), "ns/time");

        CHECK_IS(ipcx_namespace_type(fd), CLONE_NEWTIME);
        ipcx_close(fd);
    }
}

static void other_files_are_no_namespaces(void)
{
    const char *paths[] = {"/dev/null", "/", "/proc/self/status", "/dev/ptmx"};
    int32_t ends[2];

    for (unsigned i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        int32_t fd = ipcx_open_path(paths[i], IPCX_OPEN_READ);

        CHECK_IS(ipcx_namespace_type(fd), -ENOTTY);
        CHECK(ipcx_namespace_owner(fd) < 0);
        ipcx_close(fd);
    }
    CHECK_IS(ipcx_pipe(ends), 0);
    CHECK_IS(ipcx_namespace_type(ends[0]), -ENOTTY);
    close_pair(ends);
    CHECK_IS(ipcx_namespace_type(-1), -EBADF);
    CHECK_IS(ipcx_namespace_owner(-1), -EBADF);
    /* A place is not enough to ask. */
    ends[0] = ipcx_open_path("/proc/self/ns/net", 0);
    CHECK_IS(ipcx_namespace_type(ends[0]), -EBADF);
    ipcx_close(ends[0]);
}

static void the_owner_is_the_user_namespace(void)
{
    pid_t other = start_elsewhere(CLONE_NEWUSER | CLONE_NEWUTS);
    int32_t own = open_of(getpid(), "ns/user");
    int32_t user = open_of(other, "ns/user"), uts = open_of(other, "ns/uts");
    int32_t net = open_of(other, "ns/net");
    int32_t owner = ipcx_namespace_owner(uts);

    CHECK(is_same_file(owner, user));
    CHECK_IS(ipcx_is_close_on_exec(owner), 1);
    ipcx_close(owner);
    owner = ipcx_namespace_owner(net);
    CHECK(is_same_file(owner, own));
    ipcx_close(owner);
    /* That of a user namespace is its parent. */
    owner = ipcx_namespace_owner(user);
    CHECK(is_same_file(owner, own));
    ipcx_close(owner);
    /* One's own has none that one could know of. */
    CHECK_IS(ipcx_namespace_owner(own), -EPERM);
    ipcx_close(net);
    ipcx_close(uts);
    ipcx_close(user);
    ipcx_close(own);
    dismiss(other);
}

void test_namespaces(void)
{
    RUN(every_kind_is_told);
    RUN(other_files_are_no_namespaces);
    RUN_AS_ROOT(the_owner_is_the_user_namespace);
}
