/* What the kernel tells of sockets: sock_diag(7) through netlink(7). */
#define _GNU_SOURCE
#include "ipcx.h"

#include <errno.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

/* More than the least that any architecture takes (128 KiB on arm64). */
#define THREAD_STACK (256 * 1024)

struct opening {
    int32_t network;
    int32_t result;
};

static int32_t open_here(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    return fd < 0 ? -errno : fd;
}

static void *open_there(void *argument)
{
    struct opening *opening = argument;

    opening->result =
        setns(opening->network, CLONE_NEWNET) < 0 ? -errno : open_here();
    return NULL;
}

/* A socket that asks about the sockets of a network namespace; -1 stands for
 * the caller's own.
 *
 * A socket stays in the namespace where it was made, so a thread makes it there
 * and ends at once. The caller itself might not come back: that takes rights
 * over its own namespace, too, which are not needed to leave it. */
int32_t ipcx_diag_socket(int32_t network)
{
    struct opening opening = {.network = network};
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    int failure;

    if (network < 0)
        return open_here();
    /* Signals are Deno's business, never this thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    failure = pthread_create(&thread, &attributes, open_there, &opening);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return -failure;
    pthread_join(thread, NULL);
    return opening.result;
}

/* Takes what the kernel has answered, and never waits: it answers before the
 * request returns, and goes on with a list before each piece of it does.
 * -EMSGSIZE for an answer that is cut off, since there was no more room. */
int32_t ipcx_netlink_receive(int32_t fd, void *data, uint32_t size)
{
    struct sockaddr_nl sender = {0};
    struct iovec place = {.iov_base = data, .iov_len = size};
    struct msghdr message = {.msg_name = &sender, .msg_iov = &place,
                             .msg_iovlen = 1};
    ssize_t length;

    do {
        message.msg_namelen = sizeof(sender);
        length = recvmsg(fd, &message, MSG_DONTWAIT);
        /* Processes can send to it, too. */
    } while (length < 0 ? errno == EINTR : sender.nl_pid != 0);
    if (length < 0)
        return -errno;
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : (int32_t)length;
}
