/* What every test of the shim is written with. */
#ifndef CHECK_H
#define CHECK_H

#include "../../ffi/ipcx.h"

#include <stdbool.h>

/* A claim that must hold. The test goes on when it does not. */
#define CHECK(claim) check((claim), __FILE__, __LINE__, #claim)

/* The same for a number, which is told when it is another. Gives the number. */
#define CHECK_IS(value, expected)                                              \
    check_is((value), (expected), __FILE__, __LINE__, #value, #expected)

/* Runs a test, and compares the open descriptors before and after. */
#define RUN(test) run(#test, test)

/* The same in a process of its own, for what cannot be undone. */
#define RUN_IN_CHILD(test) run_in_child(#test, test)

/* The same for root only; others are told that it is skipped. */
#define RUN_AS_ROOT(test) run_as_root(#test, test)

bool check(bool holds, const char *file, int line, const char *claim);
int64_t check_is(int64_t value, int64_t expected, const char *file, int line,
                 const char *text, const char *expected_text);
void run(const char *name, void (*test)(void));
void run_in_child(const char *name, void (*test)(void));
void run_as_root(const char *name, void (*test)(void));

/* A pair of sockets; ends the driver when there is none. */
void make_pair(int type, int32_t ends[2]);

/* Of sockets or of a pipe. */
void close_pair(const int32_t ends[2]);

/* Sets an option of a socket to 1. */
int32_t turn_on(int32_t fd, int32_t option);

/* Sends text with so many descriptors, all of standard input. */
int32_t send_with(int32_t fd, const char *text, uint32_t n_fds);

bool is_open(int fd);
bool is_same_file(int one, int other);

/* How many descriptors are open. */
int count_open(void);

/* Lowers RLIMIT_NOFILE so that only `count` more can be opened. */
void leave_room_for(int count);

/* Gives up root's rights. False where there is nobody else to be. */
bool become_nobody(void);

/* An abstract name that no other run has. Returns its length. */
uint32_t own_name(char name[108]);

/* A path of `length` bytes that no other run has, in a directory of its own;
 * the other removes both. */
void own_path(char path[109], uint32_t length);
void remove_own_path(const char *path);

void test_messages(void);
void test_many_messages(void);
void test_batches(void);
void test_parts(void);
void test_ancillary(void);
void test_many_ancillary(void);
void test_hand_out(void);
void test_internet(void);
void test_sockets(void);
void test_names(void);
void test_socket_files(void);
void test_descriptors(void);
void test_directories(void);
void test_files(void);
void test_memory(void);
void test_zero_copy(void);
void test_readiness(void);
void test_waker(void);
void test_process(void);
void test_environment(void);
void test_held_signals(void);
void test_steps(void);
void test_privileges(void);
void test_spawn(void);
void test_filtered(void);
void test_joined(void);
void test_trace(void);
void test_scripts(void);
void test_child(void);
void test_terminals(void);
void test_namespaces(void);
void test_netlink(void);
void test_runner(void);
void test_probe(void);
void test_probe_host(void);

/* What the driver does when a test has made it the program of ipcx_exec(). */
int executed(int count, char **arguments);
int executed_with_signals_held(void);

#endif
