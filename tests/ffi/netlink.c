/* Lists of sockets, and the sockets that ask for them. */
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a piece of a list never exceeds. */
#define PIECE 65536

struct request {
    struct nlmsghdr head;
    struct unix_diag_req body;
};

static uint32_t inode_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) < 0 ? 0 : (uint32_t)status.st_ino;
}

static void ask(int32_t fd, uint16_t flags, uint32_t inode)
{
    struct request request = {
        .head = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | flags},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = UINT32_MAX,
                 .udiag_ino = inode,
                 .udiag_cookie = {UINT32_MAX, UINT32_MAX}},
    };

    CHECK_IS(ipcx_write(fd, &request, sizeof(request)), 0);
}

/* Whether a list has a socket. */
static bool lists(int32_t fd, uint32_t inode)
{
    static _Alignas(8) char piece[PIECE];
    bool found = false;

    ask(fd, NLM_F_DUMP, 0);
    for (;;) {
        int32_t length = ipcx_netlink_receive(fd, piece, sizeof(piece));
        struct nlmsghdr *head = (struct nlmsghdr *)piece;

        if (!CHECK(length > 0))
            return false;
        for (; NLMSG_OK(head, (uint32_t)length);
             head = NLMSG_NEXT(head, length)) {
            struct unix_diag_msg *told = NLMSG_DATA(head);

            if (head->nlmsg_type == NLMSG_DONE)
                return found;
            if (!CHECK_IS(head->nlmsg_type, SOCK_DIAG_BY_FAMILY))
                return false;
            found = found || told->udiag_ino == inode;
        }
    }
}

static void a_list_has_the_sockets_of_here(void)
{
    int32_t ends[2], fd = ipcx_diag_socket(-1);

    CHECK(fd >= 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    make_pair(SOCK_SEQPACKET, ends);
    CHECK(lists(fd, inode_of(ends[0])));
    CHECK(lists(fd, inode_of(ends[1])));
    close_pair(ends);
    ipcx_close(fd);
}

static void what_is_not_there_yet_is_not_waited_for(void)
{
    char place[64];
    int32_t fd = ipcx_diag_socket(-1);

    CHECK_IS(ipcx_netlink_receive(fd, place, sizeof(place)), -EAGAIN);
    ipcx_close(fd);
    CHECK_IS(ipcx_netlink_receive(fd, place, sizeof(place)), -EBADF);
    CHECK_IS(ipcx_netlink_receive(STDIN_FILENO, place, sizeof(place)),
             -ENOTSOCK);
}

static void an_answer_that_is_cut_off_is_none(void)
{
    char place[16];
    int32_t ends[2], fd = ipcx_diag_socket(-1);

    make_pair(SOCK_STREAM, ends);
    ask(fd, 0, inode_of(ends[0]));
    CHECK_IS(ipcx_netlink_receive(fd, place, sizeof(place)), -EMSGSIZE);
    /* Of no socket: an error is told as an answer. */
    ask(fd, 0, 0);
    CHECK_IS(ipcx_netlink_receive(fd, place, sizeof(place)), -EMSGSIZE);
    close_pair(ends);
    ipcx_close(fd);
}

static void what_processes_send_is_passed_over(void)
{
    struct sockaddr_nl name = {.nl_family = AF_NETLINK};
    struct sockaddr *address = (struct sockaddr *)&name;
    socklen_t size = sizeof(name);
    char place[16];
    int32_t fd = ipcx_diag_socket(-1), other = ipcx_diag_socket(-1);

    CHECK_IS(bind(fd, address, size), 0);
    CHECK_IS(getsockname(fd, address, &size), 0);
    CHECK_IS(sendto(other, "forged", 6, 0, address, size), 6);
    CHECK_IS(ipcx_netlink_receive(fd, place, sizeof(place)), -EAGAIN);
    ipcx_close(other);
    ipcx_close(fd);
}

static void another_network_is_asked_without_leaving_this_one(void)
{
    pid_t other = start_elsewhere(CLONE_NEWNET);
    int32_t network = open_of(other, "ns/net");
    int32_t own = open_of(getpid(), "ns/net");
    int32_t fd = ipcx_diag_socket(network), ends[2], now;

    CHECK(fd >= 0);
    CHECK_IS(ipcx_is_close_on_exec(fd), 1);
    make_pair(SOCK_STREAM, ends);
    CHECK(!lists(fd, inode_of(ends[0])));
    ipcx_close(fd);
    now = ipcx_open_path("/proc/thread-self/ns/net", IPCX_OPEN_READ);
    CHECK(is_same_file(now, own));
    ipcx_close(now);
    fd = ipcx_diag_socket(own);
    CHECK(lists(fd, inode_of(ends[0])));
    ipcx_close(fd);
    close_pair(ends);
    ipcx_close(own);
    ipcx_close(network);
    dismiss(other);
}

static void the_signals_are_let_through_as_before(void)
{
    int32_t network = open_of(getpid(), "ns/net"), fd;
    sigset_t before, after;

    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    sigprocmask(SIG_SETMASK, &before, NULL);
    fd = ipcx_diag_socket(network);
    sigprocmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < 32; signal++)
        CHECK_IS(sigismember(&after, signal), sigismember(&before, signal));
    ipcx_close(fd);
    ipcx_close(network);
}

static void what_is_no_network_is_refused(void)
{
    int32_t other = open_of(getpid(), "ns/uts");
    int32_t null = ipcx_open_path("/dev/null", IPCX_OPEN_READ);

    CHECK_IS(ipcx_diag_socket(other), -EINVAL);
    CHECK_IS(ipcx_diag_socket(null), -EINVAL);
    CHECK_IS(ipcx_diag_socket(1000), -EBADF);
    ipcx_close(null);
    ipcx_close(other);
}

static void another_network_needs_rights(void)
{
    int32_t network = open_of(getpid(), "ns/net");

    if (become_nobody()) {
        CHECK_IS(ipcx_diag_socket(network), -EPERM);
        CHECK(ipcx_close(ipcx_diag_socket(-1)) == 0);
    }
    ipcx_close(network);
}

static void asking_needs_a_descriptor(void)
{
    int32_t network = open_of(getpid(), "ns/net");

    leave_room_for(0);
    CHECK_IS(ipcx_diag_socket(-1), -EMFILE);
    if (getuid() == 0)
        CHECK_IS(ipcx_diag_socket(network), -EMFILE);
    ipcx_close(network);
}

void test_netlink(void)
{
    RUN(a_list_has_the_sockets_of_here);
    RUN(what_is_not_there_yet_is_not_waited_for);
    RUN(an_answer_that_is_cut_off_is_none);
    RUN_AS_ROOT(what_processes_send_is_passed_over);
    RUN_AS_ROOT(another_network_is_asked_without_leaving_this_one);
    RUN_IN_CHILD(the_signals_are_let_through_as_before);
    RUN(what_is_no_network_is_refused);
    RUN_IN_CHILD(another_network_needs_rights);
    RUN_IN_CHILD(asking_needs_a_descriptor);
}
