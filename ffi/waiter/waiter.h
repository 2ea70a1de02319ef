/*
 * The program that ipcx becomes while a child of its runs: same process, same
 * child, but a megabyte instead of a runtime. What it is to do stands in its
 * environment, in variables that begin with IPCX_.
 */
#ifndef IPCX_WAITER_H
#define IPCX_WAITER_H

#include <poll.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

struct orders {
    pid_t child;
    int leads_group;    /* the child has a process group of its own */
    int status_fd;      /* where its end is told, or -1 */
    int64_t timeout_ms; /* until it is told to end, or -1 */
    int64_t grace_ms;   /* from then on until it is killed */
    int channel;        /* joined to standard input and output, or -1 */
    int is_terminal;    /* the channel is the master of a pseudo-terminal */
};

/* orders.c */
void read_orders(struct orders *orders);
void close_others(const struct orders *orders);
void remove_files(void);

/* relay.c: one channel, joined to standard input and output. */
struct relay {
    int channel, is_terminal;
    int input_open, output_open; /* each direction, until its end */
    int in_line;                 /* the last byte of the input ended no line */
    char in[4096], out[4096];
    size_t in_length, out_length;
};

void relay_start(struct relay *relay, const struct orders *orders);
/* Adds what it waits for; returns how many entries. */
int relay_poll(const struct relay *relay, struct pollfd *entries);
void relay_move(struct relay *relay, const struct pollfd *entries, int count);
/* The child has ended: puts out what it has left, until a signal says to end or
 * nobody takes any of it for so long, unless that is -1. */
void relay_drain(struct relay *relay, int signals, int patience_ms);
int tells_to_end(int signal);
void relay_resize(const struct relay *relay);
void terminal_make_raw(void);
void terminal_restore(void);

/* report.c */
void report_end(int fd, pid_t child, int status, const struct rusage *usage);

/* become.c: no waiting, but the plan in this very process. */
int become(void);

#endif
