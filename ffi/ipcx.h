/*
 * The system calls that ipcx needs and Deno does not offer.
 *
 * Every function returns a value >= 0, or -errno. None of them prints, keeps
 * state but for a runner's, or allocates anything that the caller would have to
 * free. Numbers are 32 bits wide throughout: Deno passes those without making a
 * BigInt.
 */
#ifndef IPCX_H
#define IPCX_H

#include <stdint.h>

/* The most descriptors that Linux takes in one message (SCM_MAX_FD). */
#define IPCX_MAX_FDS 253

/* More buffers or messages than Linux takes in one call (UIO_MAXIOV). */
#define IPCX_PROBE_MOST_PARTS 2048

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
    IPCX_RECEIVED_LENGTH,      /* what the call returned; see ipcx_receive_many */
    IPCX_RECEIVED_SLOTS,
};

/* What stands for each message of a batch, as int32_t slots. */
enum ipcx_batch {
    IPCX_BATCH_OFFSET, /* where it begins in the data */
    IPCX_BATCH_LENGTH, /* of what is sent, or was sent */
    IPCX_BATCH_FLAGS,  /* msg_flags of what was received */
    IPCX_BATCH_SLOTS,
};

/* How ipcx_receive_batch() knows the end of the connection from an empty packet. */
enum ipcx_end {
    IPCX_END_NEVER, /* there is none */
    IPCX_END_HAS_NO_NAME,
    IPCX_END_HAS_NO_STAMP, /* SO_TIMESTAMP is on */
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
    IPCX_OPEN_READ = 4, /* also what is in it, not only the place */
    IPCX_OPEN_WRITE = 8, /* with IPCX_OPEN_READ both */
    IPCX_OPEN_CREATE = 16, /* made if it is not there, as the umask says */
    IPCX_OPEN_EMPTY = 32,  /* emptied */
    IPCX_OPEN_APPEND = 64, /* written to at its end */
};

/* One thing that a child does before it becomes another program; each has three
 * numbers and an offset into the plan's data. */
enum ipcx_step {
    IPCX_STEP_JOIN,             /* setns(a, b) */
    IPCX_STEP_CHANGE_ROOT,      /* to the directory that a is open on */
    IPCX_STEP_CHANGE_DIRECTORY, /* fchdir(a) */
    IPCX_STEP_CHANGE_TO_PATH,   /* chdir(data) */
    IPCX_STEP_DUPLICATE,        /* a becomes b; c: close-on-exec */
    IPCX_STEP_CLOSE_RANGE,      /* a to b, at exec if c, else now */
    IPCX_STEP_SESSION,          /* setsid() */
    IPCX_STEP_TERMINAL,         /* a becomes the controlling terminal */
    IPCX_STEP_GROUP,            /* setpgid(0, a) */
    IPCX_STEP_LIMIT,            /* setrlimit(a, data: two 64-bit numbers) */
    IPCX_STEP_NICE,             /* setpriority(a) */
    IPCX_STEP_WRITE,            /* data: a path, then what to write there */
    IPCX_STEP_GROUPS,           /* setgroups(a, data: 32-bit numbers) */
    IPCX_STEP_GID,              /* setresgid(a, a, a) */
    IPCX_STEP_UID,              /* setresuid(a, a, a) */
    IPCX_STEP_BOUND,            /* drops a from the bounding set */
    IPCX_STEP_DROP,             /* drops the capabilities of the masks a, b */
    IPCX_STEP_NO_NEW_PRIVS,
    IPCX_STEP_CONCEAL,      /* prctl(PR_SET_DUMPABLE, a): 0 conceals, 1 ends it */
    IPCX_STEP_DEATH_SIGNAL, /* a with the parent, whose pidfd b is, or -1 */
    IPCX_STEP_FORK,         /* what follows is done in a child of the parent */
    IPCX_STEP_TRACE,        /* PTRACE_TRACEME */
    IPCX_STEP_EXEC,         /* becomes the program; its variable number a, if not
                             * -1, gets its own pid as its value */
    /* Added to a step that may fail. */
    IPCX_STEP_TOLERATED = 0x100,
};

/* A plan is this head, then the steps of four numbers each: those of the child,
 * then those that are deferred until the program is loaded. */
enum ipcx_plan {
    IPCX_PLAN_STEPS,       /* how many steps the child does */
    IPCX_PLAN_DEFERRED,    /* how many come after exec */
    IPCX_PLAN_STRINGS,     /* offset of what the next three count, in the data */
    IPCX_PLAN_PATHS,       /* where the program may be, in their order */
    IPCX_PLAN_ARGUMENTS,   /* its own name among them */
    IPCX_PLAN_ENVIRONMENT, /* NAME=VALUE */
    IPCX_PLAN_CGROUP,      /* a cgroup v2 directory, or -1 */
    IPCX_PLAN_SCRIPT,      /* a script, open by any means, or -1 */
    IPCX_PLAN_FLAGS,       /* enum ipcx_plan_flags */
    IPCX_PLAN_SLOTS,
};

enum ipcx_plan_flags {
    IPCX_PLAN_COPY = 1,   /* fork the memory: time namespaces insist on it */
    IPCX_PLAN_PAUSED = 2, /* stop before the first instruction */
};

/* What came of a plan. */
enum ipcx_outcome {
    IPCX_OUTCOME_PID,     /* as its parent sees it */
    IPCX_OUTCOME_OWN_PID, /* as it sees itself */
    IPCX_OUTCOME_PIDFD,
    IPCX_OUTCOME_FAILED, /* the index of a step, or enum ipcx_failed */
    IPCX_OUTCOME_SLOTS,
};

enum ipcx_failed {
    IPCX_FAILED_CREATE = -1, /* clone3(2), or what it needs */
    IPCX_FAILED_TRACE = -2,  /* ptrace(2), or the program died of it */
    IPCX_FAILED_SCRIPT = -3, /* the interpreter did not read the script */
    IPCX_FAILED_KILLED = -4, /* it was killed before it came to exec */
};

/* What ipcx_wait() tells: what waitid(2) and getrusage(2) tell. */
enum ipcx_ended {
    IPCX_ENDED_CODE, /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
    IPCX_ENDED_STATUS,
    IPCX_ENDED_USER_TIME, /* microseconds */
    IPCX_ENDED_SYSTEM_TIME,
    IPCX_ENDED_MAX_RSS, /* KiB */
    IPCX_ENDED_MINOR_FAULTS,
    IPCX_ENDED_MAJOR_FAULTS,
    IPCX_ENDED_BLOCKS_IN,
    IPCX_ENDED_BLOCKS_OUT,
    IPCX_ENDED_WAITS,
    IPCX_ENDED_PREEMPTIONS,
    IPCX_ENDED_SLOTS,
};

enum {
    IPCX_RUN_STREAMS = 0x7fff0000, /* what stands for standard output in a plan;
                                    * standard error is one more */
    IPCX_RUN_BYTES = 65536,        /* how much of each is kept */
};

/* Steps of what a child tries out. */
enum ipcx_user_step {
    IPCX_USER_CREATE, /* unshare(2) */
    IPCX_USER_MAP,    /* it gets a user */
    IPCX_USER_RIGHTS, /* who has rights in it */
};

enum ipcx_trace_step {
    IPCX_TRACE_CREATE,
    IPCX_TRACE_BEGIN,   /* PTRACE_TRACEME */
    IPCX_TRACE_CONTROL, /* its registers and system calls */
};

enum ipcx_create_step {
    IPCX_CREATE_CLONE,  /* clone3(2) */
    IPCX_CREATE_SIGNAL, /* pidfd_send_signal(2) */
    IPCX_CREATE_WAIT,   /* waitid(2) for a pidfd */
};

/* Which side of ipcx_splice() has an offset, and whether more is to come soon. */
enum ipcx_splice {
    IPCX_SPLICE_FROM_AT = 1,
    IPCX_SPLICE_TO_AT = 2,
    IPCX_SPLICE_MORE = 4,
};

/* Why bytes are moved no further. */
enum ipcx_move {
    IPCX_MOVE_DONE,  /* enough for now; perhaps less than was asked for */
    IPCX_MOVE_ENDED, /* there is nothing more, and never will be */
    IPCX_MOVE_EMPTY, /* there is nothing yet */
    IPCX_MOVE_FULL,  /* there is no room */
};

/* Where it is told what was moved. */
enum ipcx_moved {
    IPCX_MOVED_BYTES,
    IPCX_MOVED_HELD, /* ipcx_pump(): in the pipe, before and after */
    IPCX_MOVED_SIDE, /* ipcx_pump(): which side the end or failure is of */
    IPCX_MOVED_SLOTS,
};

enum ipcx_side {
    IPCX_SIDE_NONE,
    IPCX_SIDE_FROM,
    IPCX_SIDE_TO,
};

/* A thread that starts processes, as long as this one lives. */
struct ipcx_runner;

/* What a runner tells of a process. */
enum ipcx_run {
    IPCX_RUN_ID,
    IPCX_RUN_RESULT,    /* of ipcx_spawn() */
    IPCX_RUN_HAS_ENDED, /* whether it is over, and its pidfd -1 */
    IPCX_RUN_OUTCOME,   /* enum ipcx_outcome */
    IPCX_RUN_FDS = IPCX_RUN_OUTCOME + IPCX_OUTCOME_SLOTS, /* -1: at their end */
    IPCX_RUN_LENGTHS = IPCX_RUN_FDS + 2,
    IPCX_RUN_SLOTS = IPCX_RUN_LENGTHS + 2,
};

/* messages.c */
int32_t ipcx_send(int32_t fd, const void *data, uint32_t length,
                  const int32_t *fds, uint32_t n_fds,
                  const int32_t *credentials, const void *name,
                  uint32_t name_length, int32_t flags);
int32_t ipcx_send_parts(int32_t fd, const void *parts, uint32_t n_parts,
                        const int32_t *fds, uint32_t n_fds,
                        const int32_t *credentials, const void *name,
                        uint32_t name_length, int32_t flags);
int32_t ipcx_send_bytes(int32_t fd, const void *data, uint32_t length,
                        int32_t flags);
int32_t ipcx_receive_parts(int32_t fd, const void *parts, uint32_t n_parts,
                           int32_t *fds, uint32_t max_fds, int32_t *received,
                           void *name, int32_t flags);
int32_t ipcx_receive(int32_t fd, void *data, uint32_t length, int32_t *fds,
                     uint32_t max_fds, int32_t *received, void *name,
                     int32_t flags);
int32_t ipcx_receive_many(int32_t fd, void *data, uint32_t size, uint32_t each,
                          int32_t *fds, uint32_t n_fds, uint32_t each_fds,
                          int32_t *received, uint32_t max, int32_t flags);
int32_t ipcx_hand_out_pair(int32_t first, uint32_t first_length, int32_t second,
                           uint32_t second_length, const void *message,
                           int32_t *handed);

/* batches.c */
int32_t ipcx_send_batch(int32_t fd, const void *data, const int32_t *slots,
                        uint32_t count, const void *name, uint32_t name_length);
int32_t ipcx_receive_batch(int32_t fd, void *data, uint32_t each, int32_t *slots,
                           uint32_t max, int32_t end);

/* urgent.c */
int32_t ipcx_send_urgent(int32_t fd, int32_t byte);
int32_t ipcx_receive_urgent(int32_t fd);

/* internet.c */
int32_t ipcx_listen_internet(const char *host, uint32_t port, int32_t backlog);
int32_t ipcx_listen_ephemeral(int32_t ipv6, int32_t everywhere,
                              int32_t backlog);
int32_t ipcx_internet_name(int32_t fd, char *host, uint32_t size);

/* memory.c */
int32_t ipcx_memory_create(const char *name, uint32_t size, int32_t sealable);
int32_t ipcx_memory_size(int32_t fd);
int32_t ipcx_memory_map(int32_t fd, uint32_t size, int32_t is_private,
                        uint64_t *address);
int32_t ipcx_memory_unmap(const uint64_t *address, uint32_t size);
int32_t ipcx_memory_seals(int32_t fd);
int32_t ipcx_memory_seal(int32_t fd, int32_t seals, const uint64_t *address,
                         uint32_t size);

/* zero_copy.c */
int32_t ipcx_send_file(int32_t to, int32_t file, uint32_t offset_low,
                       uint32_t offset_high, uint32_t count, int32_t *moved);
int32_t ipcx_splice(int32_t from, int32_t to, uint32_t count, int32_t flags,
                    uint32_t offset_low, uint32_t offset_high, int32_t *moved);
int32_t ipcx_tee(int32_t from, int32_t to, uint32_t count, int32_t *moved);
int32_t ipcx_vmsplice(int32_t to, const void *memory, uint32_t offset,
                      uint32_t length);
int32_t ipcx_pump(int32_t from, int32_t to, int32_t reader, int32_t writer,
                  uint32_t count, int32_t *moved);

/* sockets.c */
int32_t ipcx_socket(int32_t type);
int32_t ipcx_socketpair(int32_t type, int32_t *ends);
int32_t ipcx_bind(int32_t fd, const void *name, uint32_t length);
int32_t ipcx_listen(int32_t fd, int32_t backlog);
int32_t ipcx_accept(int32_t fd, int32_t *peer);
int32_t ipcx_connect(int32_t fd, const void *name, uint32_t length);
int32_t ipcx_disconnect(int32_t fd);
int32_t ipcx_name(int32_t fd, int32_t of_peer, void *name);
int32_t ipcx_get_option(int32_t fd, int32_t level, int32_t option, void *value,
                        uint32_t size);
int32_t ipcx_set_option(int32_t fd, int32_t level, int32_t option,
                        const void *value, uint32_t size);
int32_t ipcx_shutdown(int32_t fd, int32_t how);

/* socket_files.c */
int32_t ipcx_bind_file(int32_t fd, const void *path, uint32_t length,
                       uint32_t mode);
int32_t ipcx_move(const char *from, const char *to);

/* descriptors.c */
int32_t ipcx_close(int32_t fd);
int32_t ipcx_close_all(const int32_t *fds, uint32_t count);
int32_t ipcx_vacate(int32_t fd);
int32_t ipcx_duplicate(int32_t fd);
int32_t ipcx_duplicate_from(int32_t fd, int32_t least);
int32_t ipcx_is_close_on_exec(int32_t fd);
int32_t ipcx_keep_on_exec(int32_t fd);
int32_t ipcx_set_nonblocking(int32_t fd);
int32_t ipcx_set_blocking(int32_t fd);
int32_t ipcx_open_path(const char *path, int32_t flags);
int32_t ipcx_lock_directory(const char *path, uint32_t patience_ms);
int32_t ipcx_read(int32_t fd, void *data, uint32_t size);
int32_t ipcx_try_read(int32_t fd, void *data, uint32_t size);
int32_t ipcx_read_at(int32_t fd, void *data, uint32_t size,
                     uint32_t offset_low, uint32_t offset_high);
int32_t ipcx_write(int32_t fd, const void *data, uint32_t length);
int32_t ipcx_write_parts(int32_t fd, const void *parts, uint32_t n_parts);
int32_t ipcx_sealed_file(const char *name, const void *data, uint32_t length,
                         int32_t is_program);
int32_t ipcx_raise_descriptor_limit(void);
int32_t ipcx_error_name(int32_t number, char *text, uint32_t size);
int32_t ipcx_error_text(int32_t number, char *text, uint32_t size);

/* readiness.c */
int32_t ipcx_poll(int32_t fd, int32_t events);
int32_t ipcx_epoll_create(void);
int32_t ipcx_epoll_control(int32_t epoll, int32_t operation, int32_t fd,
                           uint32_t events, uint32_t token);
int32_t ipcx_epoll_wait(int32_t epoll, uint32_t *ready, int32_t max);
int32_t ipcx_waker_start(int32_t epoll, int32_t *ends);
int32_t ipcx_waker_arm(int32_t outer, int32_t epoll);

/* process.c */
int32_t ipcx_exec(const char *path, const char *arguments, uint32_t n_arguments,
                  const char *environment, uint32_t n_environment,
                  const int32_t *fds, uint32_t n_fds, int32_t signals_held);
int32_t ipcx_environment(char *strings, uint32_t size);
int32_t ipcx_new_session(void);
int32_t ipcx_monotonic_time(int64_t *nanoseconds);

/* held_signals.c */
int32_t ipcx_hold_signals(void);

/* spawn.c */
int32_t ipcx_spawn(const int32_t *plan, const void *data, int32_t *outcome);

/* runner.c */
int32_t ipcx_runner_start(int32_t patience, uint64_t *handle, int32_t *done);
int32_t ipcx_runner_submit(struct ipcx_runner *runner, int32_t id,
                           const int32_t *plan, const void *data,
                           uint32_t size);
int32_t ipcx_runner_await(struct ipcx_runner *runner, int32_t microseconds);
int32_t ipcx_runner_collect(struct ipcx_runner *runner, int32_t *slots,
                            int64_t *ended, void *bytes);

/* child.c */
int32_t ipcx_pidfd_open(int32_t pid);
int32_t ipcx_pidfd_inode(int32_t pidfd, int64_t *inode);
int32_t ipcx_signal(int32_t pidfd, int32_t signal);
int32_t ipcx_signal_group(int32_t group, int32_t signal);
int32_t ipcx_signal_own_group(int32_t pidfd, int32_t signal);
int32_t ipcx_exit_status(int32_t pidfd, int32_t *status);
int32_t ipcx_wait(int32_t pidfd, int64_t *ended);
int32_t ipcx_pipe(int32_t *ends);
int32_t ipcx_terminal(int32_t like, int32_t *ends);

/* namespaces.c */
int32_t ipcx_namespace_type(int32_t fd);
int32_t ipcx_namespace_owner(int32_t fd);

/* netlink.c */
int32_t ipcx_diag_socket(int32_t network);
int32_t ipcx_netlink_receive(int32_t fd, void *data, uint32_t size);

/* probe.c */
int32_t ipcx_probe_socket(int32_t family, int32_t type, int32_t protocol);
int32_t ipcx_probe_bind(int32_t fd, const void *address, uint32_t length);
int32_t ipcx_probe_name(int32_t fd, void *address, uint32_t size);
int32_t ipcx_probe_send(int32_t fd, const void *data, uint32_t length,
                        uint32_t parts, const void *control,
                        uint32_t control_length, int32_t flags);
int32_t ipcx_probe_receive(int32_t fd, void *data, uint32_t length,
                           void *control, uint32_t control_size, int32_t flags,
                           int32_t *told);
int32_t ipcx_probe_batch(int32_t fd, uint32_t count, int32_t receives);
int32_t ipcx_probe_fcntl(int32_t fd, int32_t command, int32_t argument);
int32_t ipcx_probe_memory(uint32_t flags);
int32_t ipcx_probe_take(int32_t pidfd, int32_t fd);

/* probe_child.c */
int32_t ipcx_probe_orphaned_pair(int32_t type, int32_t *ends);
int32_t ipcx_probe_in_flight(int32_t fd, int32_t limit, int32_t keeps_rights,
                             int32_t uid, int32_t *told);

/* probe_host.c */
int32_t ipcx_probe_access(const char *path, int32_t mode);
int32_t ipcx_probe_limit(int32_t resource, uint64_t *limit);
int32_t ipcx_probe_close_range(void);
int32_t ipcx_probe_join(int32_t fd, int32_t type);
int32_t ipcx_probe_user_namespace(int32_t *step);
int32_t ipcx_probe_trace(int32_t *step);
int32_t ipcx_probe_create(int32_t cgroup, int32_t *step);

#endif
