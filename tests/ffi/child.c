/* Children: held by their pidfds, sent signals, waited for. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_PID 0x7ffffffe

static pid_t start(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static int32_t wait_for_end(pid_t pid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
}

static void a_pidfd_tells_processes_apart(void)
{
    pid_t pid = start();
    int32_t one = ipcx_pidfd_open(pid), other = ipcx_pidfd_open(pid);
    int32_t own = ipcx_pidfd_open(getpid());
    int64_t inodes[3] = {0};

    CHECK_IS(ipcx_is_close_on_exec(one), 1);
    CHECK_IS(ipcx_pidfd_inode(one, &inodes[0]), 0);
    CHECK_IS(ipcx_pidfd_inode(other, &inodes[1]), 0);
    CHECK_IS(ipcx_pidfd_inode(own, &inodes[2]), 0);
    CHECK_IS(inodes[0], inodes[1]);
    CHECK(inodes[0] != inodes[2] && inodes[0] > 0);
    CHECK_IS(ipcx_pidfd_inode(-1, inodes), -EBADF);
    CHECK_IS(ipcx_pidfd_open(NO_PID), -ESRCH);
    CHECK_IS(ipcx_pidfd_open(0), -EINVAL);
    CHECK_IS(ipcx_pidfd_open(-1), -EINVAL);
    dismiss(pid);
    ipcx_close(one);
    ipcx_close(other);
    ipcx_close(own);
    leave_room_for(0);
    CHECK_IS(ipcx_pidfd_open(getpid()), -EMFILE);
}

static void a_signal_hits_the_process_of_its_pidfd(void)
{
    int64_t ended[IPCX_ENDED_SLOTS];
    pid_t pid = start();
    int32_t pidfd = ipcx_pidfd_open(pid);

    CHECK_IS(ipcx_signal(pidfd, 0), 0);
    CHECK_IS(ipcx_signal(pidfd, 65), -EINVAL);
    CHECK_IS(ipcx_signal(-1, SIGTERM), -EBADF);
    CHECK_IS(ipcx_signal(0, SIGTERM), -EBADF);
    CHECK_IS(ipcx_signal(pidfd, SIGTERM), 0);
    CHECK_IS(wait_for_end(pid), 0);
    CHECK_IS(ipcx_wait(pidfd, ended), 1);
    CHECK_IS(ended[IPCX_ENDED_CODE], CLD_KILLED);
    CHECK_IS(ended[IPCX_ENDED_STATUS], SIGTERM);
    CHECK_IS(ipcx_signal(pidfd, SIGTERM), -ESRCH);
    ipcx_close(pidfd);
}

static void nobody_may_signal_root(void)
{
    int32_t init = ipcx_pidfd_open(1);

    if (getuid() == 0 && become_nobody())
        CHECK_IS(ipcx_signal(init, 0), -EPERM);
    ipcx_close(init);
}

static void a_signal_to_a_group_hits_all_of_it(void)
{
    pid_t leader = start(), member = start();
    int status;

    CHECK_IS(setpgid(leader, leader), 0);
    CHECK_IS(setpgid(member, leader), 0);
    CHECK_IS(ipcx_signal_group(leader, SIGUSR1), 0);
    CHECK_IS(waitpid(leader, &status, 0), leader);
    CHECK_IS(WTERMSIG(status), SIGUSR1);
    CHECK_IS(waitpid(member, &status, 0), member);
    CHECK_IS(WTERMSIG(status), SIGUSR1);
    CHECK_IS(ipcx_signal_group(leader, SIGUSR1), -ESRCH);
    CHECK_IS(ipcx_signal_group(NO_PID, SIGUSR1), -ESRCH);
    /* To kill(2) these are everybody, and one's own group. */
    CHECK_IS(ipcx_signal_group(1, 0), -EINVAL);
    CHECK_IS(ipcx_signal_group(0, 0), -EINVAL);
    CHECK_IS(ipcx_signal_group(-1, 0), -EINVAL);
}

static void the_group_of_a_pidfd_is_hit_and_no_other(void)
{
    pid_t leader = start(), member = start();
    int32_t pidfd = ipcx_pidfd_open(leader);
    int32_t result;
    int status;

    CHECK_IS(setpgid(leader, leader), 0);
    CHECK_IS(setpgid(member, leader), 0);
    result = ipcx_signal_own_group(pidfd, 0);
    if (result == -EINVAL) {
        printf("skipped: signals to the group of a pidfd: needs Linux 6.9\n");
    } else {
        CHECK_IS(result, 0);
        /* Its leader may be gone. */
        dismiss(leader);
        CHECK_IS(ipcx_signal_own_group(pidfd, SIGUSR1), 0);
        CHECK_IS(waitpid(member, &status, 0), member);
        CHECK_IS(WTERMSIG(status), SIGUSR1);
        CHECK_IS(ipcx_signal_own_group(pidfd, SIGUSR1), -ESRCH);
        CHECK_IS(ipcx_signal_own_group(-1, 0), -EBADF);
    }
    ipcx_close(pidfd);
    kill(leader, SIGKILL);
    kill(member, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

static void how_somebody_elses_child_ended_is_known_when_it_is_reaped(void)
{
    int32_t status = -7, gone[2], pidfd, result;
    pid_t pid, other = start();

    CHECK_IS(ipcx_pipe(gone), 0);
    pid = fork();
    if (pid == 0)
        _exit(7);
    pidfd = ipcx_pidfd_open(pid);
    CHECK_IS(wait_for_end(pid), 0);
    result = ipcx_exit_status(pidfd, &status);
    if (result == -ENOTTY || result == -EINVAL) {
        printf("skipped: how others' children ended: needs Linux 6.15\n");
        CHECK_IS(waitpid(pid, NULL, 0), pid);
    } else {
        CHECK_IS(result, 0);
        CHECK_IS(status, -7);
        CHECK_IS(waitpid(pid, NULL, 0), pid);
        CHECK_IS(ipcx_exit_status(pidfd, &status), 1);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
        ipcx_close(pidfd);
        pidfd = ipcx_pidfd_open(other);
        CHECK_IS(ipcx_exit_status(pidfd, &status), 0);
    }
    ipcx_close(pidfd);
    dismiss(other);
    CHECK(ipcx_exit_status(gone[0], &status) < 0);
    close_pair(gone);
    CHECK_IS(ipcx_exit_status(-1, &status), -EBADF);
}

/* Uses up what can be told. */
static void be_busy(void)
{
    const size_t size = 32 << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct rusage usage;

    do {
        memset(memory, 1, size);
        getrusage(RUSAGE_SELF, &usage);
    } while (usage.ru_utime.tv_sec == 0 && usage.ru_utime.tv_usec < 20000);
}

static void a_child_is_waited_for_without_waiting(void)
{
    int64_t ended[IPCX_ENDED_SLOTS];
    int32_t go_on[2], pidfd;
    pid_t pid;

    CHECK_IS(ipcx_pipe(go_on), 0);
    pid = fork();
    if (pid == 0) {
        be_busy();
        _exit(read(go_on[0], &(char){0}, 1) == 1 ? 42 : 1);
    }
    pidfd = ipcx_pidfd_open(pid);
    memset(ended, 0x55, sizeof(ended));
    CHECK_IS(ipcx_wait(pidfd, ended), 0);
    CHECK_IS(ended[IPCX_ENDED_STATUS], 0x5555555555555555);
    CHECK_IS(write(go_on[1], "", 1), 1);
    CHECK_IS(wait_for_end(pid), 0);
    CHECK_IS(ipcx_wait(pidfd, ended), 1);
    CHECK_IS(ended[IPCX_ENDED_CODE], CLD_EXITED);
    CHECK_IS(ended[IPCX_ENDED_STATUS], 42);
    CHECK(ended[IPCX_ENDED_USER_TIME] >= 20000);
    CHECK(ended[IPCX_ENDED_USER_TIME] < 60000000);
    CHECK(ended[IPCX_ENDED_SYSTEM_TIME] >= 0);
    CHECK(ended[IPCX_ENDED_MAX_RSS] >= 32 << 10);
    CHECK(ended[IPCX_ENDED_MAX_RSS] < 32 << 20);
    CHECK(ended[IPCX_ENDED_MINOR_FAULTS] > 0);
    for (int slot = IPCX_ENDED_MAJOR_FAULTS; slot < IPCX_ENDED_SLOTS; slot++)
        CHECK(ended[slot] >= 0 && ended[slot] < INT32_MAX);
    /* Once and for all. */
    CHECK_IS(ipcx_wait(pidfd, ended), -ECHILD);
    ipcx_close(pidfd);
    close_pair(go_on);
}

static void only_a_child_is_waited_for(void)
{
    int64_t ended[IPCX_ENDED_SLOTS];
    int32_t own = ipcx_pidfd_open(getpid());

    CHECK_IS(ipcx_wait(own, ended), -ECHILD);
    CHECK_IS(ipcx_wait(0, ended), -EBADF);
    CHECK_IS(ipcx_wait(-1, ended), -EINVAL);
    ipcx_close(own);
}

void test_child(void)
{
    RUN_IN_CHILD(a_pidfd_tells_processes_apart);
    RUN(a_signal_hits_the_process_of_its_pidfd);
    RUN_IN_CHILD(nobody_may_signal_root);
    RUN(a_signal_to_a_group_hits_all_of_it);
    RUN(the_group_of_a_pidfd_is_hit_and_no_other);
    RUN(a_child_is_waited_for_without_waiting);
    RUN(only_a_child_is_waited_for);
    RUN(how_somebody_elses_child_ended_is_known_when_it_is_reaped);
}
