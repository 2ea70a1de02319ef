/*
 * The system calls that ipcx needs and Deno does not offer.
 *
 * Every function returns a value >= 0, or -errno. None of them prints, keeps
 * state, or allocates anything that the caller would have to free. Numbers are
 * 32 bits wide throughout: Deno passes those without making a BigInt.
 */
#ifndef IPCX_H
#define IPCX_H

#include <stdint.h>

/* The most descriptors that Linux takes in one message (SCM_MAX_FD). */
#define IPCX_MAX_FDS 253

/* Room for any name that the kernel reports: sun_path, one byte more for a path
 * of 108 bytes without a NUL, rounded up. */
#define IPCX_NAME_SIZE 112

/* Where ipcx_receive() puts what is not data, as int32_t slots. */
enum ipcx_received {
    IPCX_RECEIVED_FLAGS,       /* msg_flags */
    IPCX_RECEIVED_FDS,         /* how many descriptors were kept */
    IPCX_RECEIVED_SURPLUS,     /* how many were closed: more than asked for */
    IPCX_RECEIVED_CREDENTIALS, /* 1 when the next three are set */
    IPCX_RECEIVED_PID,
    IPCX_RECEIVED_UID,
    IPCX_RECEIVED_GID,
    IPCX_RECEIVED_PIDFD,       /* the sender's pidfd, or -1 */
    IPCX_RECEIVED_STAMPED,     /* 1 when a time stamp came: no end of file */
    IPCX_RECEIVED_NAME_LENGTH, /* bytes of the sender's name */
    IPCX_RECEIVED_SLOTS,
};

/* Where ipcx_hand_out_pair() says what it did not finish. */
enum ipcx_handed {
    IPCX_HANDED_ERRNO, /* of the step that failed */
    IPCX_HANDED_KEPT,  /* the end that could not be sent yet, or -1 */
    IPCX_HANDED_SLOTS,
};

/* What ipcx_hand_out_pair() returns. */
enum ipcx_hand_out {
    IPCX_HAND_OUT_DONE,
    IPCX_HAND_OUT_NO_PAIR,       /* socketpair(2) failed, nothing was sent */
    IPCX_HAND_OUT_FIRST_FAILED,  /* nothing was sent */
    IPCX_HAND_OUT_SECOND_GONE,   /* nothing was sent */
    IPCX_HAND_OUT_SECOND_FAILED, /* the first has its end */
};

/* What ipcx_open_path() insists on; the numbers of open(2) differ between
 * architectures. */
enum ipcx_open {
    IPCX_OPEN_DIRECTORY = 1,
    IPCX_OPEN_NO_FOLLOW = 2,
};

/* messages.c */
int32_t ipcx_send(int32_t fd, const void *data, uint32_t length,
                  const int32_t *fds, uint32_t n_fds,
                  const int32_t *credentials, const void *name,
                  uint32_t name_length, int32_t flags);
int32_t ipcx_receive(int32_t fd, void *data, uint32_t length, int32_t *fds,
                     uint32_t max_fds, int32_t *received, void *name,
                     int32_t flags);
int32_t ipcx_hand_out_pair(int32_t first, uint32_t first_length, int32_t second,
                           uint32_t second_length, const void *message,
                           int32_t *handed);

/* sockets.c */
int32_t ipcx_socket(int32_t type);
int32_t ipcx_socketpair(int32_t type, int32_t *ends);
int32_t ipcx_bind(int32_t fd, const void *name, uint32_t length);
int32_t ipcx_listen(int32_t fd, int32_t backlog);
int32_t ipcx_accept(int32_t fd, int32_t *peer);
int32_t ipcx_connect(int32_t fd, const void *name, uint32_t length);
int32_t ipcx_name(int32_t fd, int32_t of_peer, void *name);
int32_t ipcx_get_option(int32_t fd, int32_t level, int32_t option, void *value,
                        uint32_t size);
int32_t ipcx_set_option(int32_t fd, int32_t level, int32_t option,
                        const void *value, uint32_t size);
int32_t ipcx_shutdown(int32_t fd, int32_t how);

/* descriptors.c */
int32_t ipcx_close(int32_t fd);
int32_t ipcx_close_all(const int32_t *fds, uint32_t count);
int32_t ipcx_vacate(int32_t fd);
int32_t ipcx_duplicate(int32_t fd);
int32_t ipcx_is_close_on_exec(int32_t fd);
int32_t ipcx_set_nonblocking(int32_t fd);
int32_t ipcx_open_path(const char *path, int32_t flags);
int32_t ipcx_lock_directory(const char *path, uint32_t patience_ms);
int32_t ipcx_change_mode(int32_t fd, uint32_t mode);
int32_t ipcx_raise_descriptor_limit(void);
int32_t ipcx_error_name(int32_t number, char *text, uint32_t size);
int32_t ipcx_error_text(int32_t number, char *text, uint32_t size);

/* readiness.c */
int32_t ipcx_epoll_create(void);
int32_t ipcx_epoll_control(int32_t epoll, int32_t operation, int32_t fd,
                           uint32_t events, uint32_t token);
int32_t ipcx_epoll_wait(int32_t epoll, uint32_t *ready, int32_t max);
int32_t ipcx_waker_start(int32_t epoll, int32_t *ends);
int32_t ipcx_waker_arm(int32_t outer, int32_t epoll);

/* process.c */
int32_t ipcx_exec(const char *path, const char *arguments, uint32_t n_arguments,
                  const char *environment, uint32_t n_environment,
                  int32_t source, int32_t target);
int32_t ipcx_new_session(void);
int32_t ipcx_monotonic_time(int64_t *nanoseconds);

#endif
