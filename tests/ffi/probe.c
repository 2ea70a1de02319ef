/* Calls whose values nobody looks at before the kernel, and children that are
 * only there to be looked at. */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 32

static void sockets_of_any_family_are_made(void)
{
    int32_t fd = ipcx_probe_socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK_IS(ipcx_close(fd), 0);
    CHECK_IS(ipcx_probe_socket(-1, SOCK_STREAM, 0), -EAFNOSUPPORT);
    CHECK_IS(ipcx_probe_socket(AF_UNIX, SOCK_STREAM, 99), -EPROTONOSUPPORT);
}

static void names_of_any_length_come_to_the_kernel(void)
{
    union {
        struct sockaddr_un name;
        char bytes[sizeof(struct sockaddr_un) + 8];
    } address = {.name = {.sun_family = AF_UNIX}};
    const uint32_t offset = offsetof(struct sockaddr_un, sun_path);
    uint32_t length = offset + own_name(address.name.sun_path);
    int32_t fd = ipcx_socket(SOCK_STREAM);
    char told[4];

    CHECK_IS(ipcx_probe_bind(fd, &address, sizeof(address)), -EINVAL);
    CHECK_IS(ipcx_probe_bind(fd, &address, 1), -EINVAL);
    CHECK_IS(ipcx_probe_bind(fd, &address, length), 0);
    CHECK_IS(ipcx_probe_name(fd, told, sizeof(told)), length);
    CHECK(memcmp(told, &address, sizeof(told)) == 0);
    CHECK_IS(ipcx_close(fd), 0);
    CHECK_IS(ipcx_probe_bind(fd, &address, length), -EBADF);
    CHECK_IS(ipcx_probe_name(fd, told, sizeof(told)), -EBADF);
}

static void many_parts_are_one_message(void)
{
    int32_t ends[2], told[3];
    char data[4096];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_probe_send(ends[0], "abc", 3, 1024, NULL, 0, 0), 3072);
    CHECK_IS(ipcx_probe_receive(ends[1], data, sizeof(data), NULL, 0, 0, told),
             3072);
    CHECK(memcmp(data, "abcabc", 6) == 0 && told[0] == 0 && told[1] == 0 &&
          told[2] == 0);
    CHECK_IS(ipcx_probe_send(ends[0], "abc", 3, IPCX_PROBE_MOST_PARTS, NULL, 0, 0),
             -EMSGSIZE);
    CHECK_IS(ipcx_probe_send(ends[0], "abc", 3, IPCX_PROBE_MOST_PARTS + 1, NULL, 0,
                             0),
             -E2BIG);
    CHECK_IS(ipcx_probe_receive(ends[1], data, sizeof(data), NULL, 0, 0, told),
             -EAGAIN);
    close_pair(ends);
}

static void a_packet_tells_who_sent_it_and_the_end_does_not(void)
{
    int32_t ends[2], told[3];
    char data[1], address[32];

    make_pair(SOCK_SEQPACKET, ends);
    CHECK_IS(ipcx_probe_bind(ends[0], &(sa_family_t){AF_UNIX}, sizeof(sa_family_t)),
             0);
    CHECK_IS(ipcx_probe_send(ends[0], "", 0, 1, NULL, 0, 0), 0);
    CHECK_IS(ipcx_probe_receive(ends[1], data, 1, NULL, 0, 0, told), 0);
    CHECK_IS(told[2], ipcx_probe_name(ends[0], address, sizeof(address)));
    CHECK_IS(ipcx_close(ends[0]), 0);
    CHECK_IS(ipcx_probe_receive(ends[1], data, 1, NULL, 0, 0, told), 0);
    CHECK_IS(told[2], 0);
    CHECK_IS(ipcx_close(ends[1]), 0);
}

static void control_messages_pass_as_they_are(void)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS,
                            .cmsg_len = CMSG_LEN(sizeof(int))}};
    int32_t ends[2], told[3], received;
    const int sent = STDIN_FILENO;
    char data[8];

    make_pair(SOCK_DGRAM, ends);
    memcpy(CMSG_DATA(&control.header), &sent, sizeof(sent));
    CHECK_IS(ipcx_probe_send(ends[0], "data", 4, 1, &control, sizeof(control), 0),
             4);
    memset(&control, 0, sizeof(control));
    CHECK_IS(ipcx_probe_receive(ends[1], data, 2, &control, sizeof(control), 0,
                                told),
             2);
    CHECK_IS(told[0], MSG_TRUNC);
    CHECK_IS(told[1], sizeof(control));
    CHECK_IS(control.header.cmsg_type, SCM_RIGHTS);
    memcpy(&received, CMSG_DATA(&control.header), sizeof(received));
    CHECK(is_same_file(received, STDIN_FILENO));
    CHECK_IS(ipcx_close(received), 0);
    close_pair(ends);
    CHECK_IS(ipcx_probe_send(ends[0], "data", 4, 1, NULL, 0, 0), -EBADF);
    CHECK_IS(ipcx_probe_receive(ends[0], data, 2, NULL, 0, 0, told), -EBADF);
}

static void a_batch_is_counted(void)
{
    int32_t ends[2];

    make_pair(SOCK_DGRAM, ends);
    CHECK_IS(ipcx_probe_batch(ends[1], 4, 1), -EAGAIN);
    CHECK_IS(ipcx_probe_batch(ends[0], 4, 0), 4);
    CHECK_IS(ipcx_probe_batch(ends[1], 3, 1), 3);
    CHECK_IS(ipcx_probe_batch(ends[1], 3, 1), 1);
    CHECK_IS(ipcx_probe_batch(ends[0], IPCX_PROBE_MOST_PARTS + 1, 0), -E2BIG);
    close_pair(ends);
}

static void memory_has_the_flags_it_is_asked_for(void)
{
    int32_t fd = ipcx_probe_memory(MFD_ALLOW_SEALING);

    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    CHECK_IS(ipcx_probe_fcntl(fd, F_GET_SEALS, 0), 0);
    CHECK_IS(ipcx_probe_fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    CHECK_IS(ipcx_probe_fcntl(fd, F_GET_SEALS, 0), F_SEAL_SHRINK);
    CHECK_IS(ipcx_close(fd), 0);
    CHECK_IS(ipcx_probe_memory(0x40000000), -EINVAL);
    CHECK_IS(ipcx_probe_fcntl(fd, F_GET_SEALS, 0), -EBADF);
}

static void a_descriptor_of_a_process_is_duplicated(void)
{
    int32_t pidfd = ipcx_pidfd_open(getpid());
    int32_t fd = ipcx_probe_take(pidfd, STDIN_FILENO);

    CHECK(is_same_file(fd, STDIN_FILENO));
    CHECK_IS(ipcx_close(fd), 0);
    CHECK_IS(ipcx_probe_take(pidfd, 1000000), -EBADF);
    CHECK_IS(ipcx_close(pidfd), 0);
    CHECK_IS(ipcx_probe_take(pidfd, STDIN_FILENO), -EBADF);
}

static void an_orphaned_pair_names_a_process_that_is_gone(void)
{
    struct ucred maker;
    int32_t ends[2];

    CHECK_IS(ipcx_probe_orphaned_pair(SOCK_SEQPACKET, ends), 0);
    CHECK_IS(ipcx_get_option(ends[0], SOL_SOCKET, SO_PEERCRED, &maker,
                             sizeof(maker)),
             sizeof(maker));
    CHECK(maker.pid > 0 && maker.pid != getpid() && maker.uid == getuid());
    CHECK(kill(maker.pid, 0) < 0 && errno == ESRCH);
    CHECK(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    CHECK_IS(ipcx_is_close_on_exec(ends[1]), 1);
    close_pair(ends);
    CHECK_IS(ipcx_probe_orphaned_pair(99, ends), -EINVAL);
    /* Nobody is left to be waited for. */
    CHECK(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD);
}

static void in_flight_are_one_more_than_the_limit(void)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int user = 400000 + getpid() % 100000;
    struct rlimit before, after;
    int32_t told[2];

    getrlimit(RLIMIT_NOFILE, &before);
    CHECK_IS(ipcx_probe_in_flight(null, LIMIT, 0, user, told), 0);
    CHECK_IS(told[0], LIMIT + 1);
    CHECK_IS(told[1], ETOOMANYREFS);
    CHECK_IS(ipcx_probe_in_flight(null, LIMIT, 1, -1, told), 0);
    CHECK(told[0] > LIMIT + 1);
    CHECK_IS(told[1], EAGAIN);
    /* Of this process nothing has changed, and nothing is in flight any more. */
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK(before.rlim_cur == after.rlim_cur);
    CHECK_IS(getuid(), 0);
    CHECK_IS(prctl(PR_GET_DUMPABLE), 1);
    CHECK_IS(ipcx_probe_in_flight(null, LIMIT, 0, user, told), 0);
    CHECK_IS(told[0], LIMIT + 1);
    close(null);
}

static void whoever_cannot_become_another_is_told(void)
{
    int32_t told[2];

    if (!CHECK(become_nobody()))
        return;
    CHECK_IS(ipcx_probe_in_flight(STDIN_FILENO, LIMIT, 0, 1, told), -EPERM);
    CHECK_IS(ipcx_probe_in_flight(STDIN_FILENO, LIMIT, 0, -1, told), 0);
    CHECK_IS(told[1], ETOOMANYREFS);
}

void test_probe(void)
{
    RUN(sockets_of_any_family_are_made);
    RUN(names_of_any_length_come_to_the_kernel);
    RUN(many_parts_are_one_message);
    RUN(a_packet_tells_who_sent_it_and_the_end_does_not);
    RUN(control_messages_pass_as_they_are);
    RUN(a_batch_is_counted);
    RUN(memory_has_the_flags_it_is_asked_for);
    RUN(a_descriptor_of_a_process_is_duplicated);
    RUN_IN_CHILD(an_orphaned_pair_names_a_process_that_is_gone);
    RUN_AS_ROOT(in_flight_are_one_more_than_the_limit);
    RUN_IN_CHILD(whoever_cannot_become_another_is_told);
}
