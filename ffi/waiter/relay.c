/* Joins a channel, such as the master of a pseudo-terminal, to standard input
 * and output. */
#define _GNU_SOURCE
#include "waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct termios before;
static int is_raw;

/* Stops, as the kernel stops whoever reads a terminal from behind, until it is in
 * front. Returns whether it is: not where nobody would bring it there. */
static int await_front(void)
{
    const struct timespec now = {0};
    sigset_t stop, go_on;
    pid_t front;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTTIN);
    sigemptyset(&go_on);
    sigaddset(&go_on, SIGCONT);
    /* Of what is no terminal, or not the one of this session, nobody is in front. */
    while ((front = tcgetpgrp(STDIN_FILENO)) >= 0 && front != getpgrp()) {
        kill(0, SIGTTIN);
        sigprocmask(SIG_UNBLOCK, &stop, NULL);
        sigprocmask(SIG_BLOCK, &stop, NULL);
        if (sigtimedwait(&go_on, NULL, &now) < 0)
            return 0;
    }
    return 1;
}

void terminal_make_raw(void)
{
    struct termios raw;

    if (!await_front())
        return;
    if (!is_raw && tcgetattr(STDIN_FILENO, &before) < 0)
        return;
    raw = before;
    cfmakeraw(&raw);
    is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void terminal_restore(void)
{
    if (is_raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    is_raw = 0;
}

void relay_start(struct relay *relay, const struct orders *orders)
{
    relay->channel = orders->channel;
    relay->is_terminal = orders->is_terminal;
    if (relay->channel < 0)
        return;
    relay->input_open = relay->output_open = 1;
    fcntl(relay->channel, F_SETFL, O_RDWR | O_NONBLOCK);
    if (!relay->is_terminal)
        return;
    /* Held open: it would read as ended while nobody else has it open. */
    ioctl(relay->channel, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    terminal_make_raw();
    relay_resize(relay);
}

void relay_resize(const struct relay *relay)
{
    struct winsize size;

    if (relay->is_terminal && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(relay->channel, TIOCSWINSZ, &size);
}

int relay_poll(const struct relay *relay, struct pollfd *entries)
{
    short wanted = 0;

    if (relay->channel < 0)
        return 0;
    if (relay->output_open && relay->out_length == 0)
        wanted |= POLLIN;
    if (relay->in_length > 0)
        wanted |= POLLOUT;
    /* Negative descriptors are passed over. */
    entries[0] = (struct pollfd){wanted ? relay->channel : -1, wanted, 0};
    entries[1] = (struct pollfd){
        relay->input_open && relay->in_length == 0 ? STDIN_FILENO : -1, POLLIN,
        0};
    entries[2] = (struct pollfd){relay->out_length > 0 ? STDOUT_FILENO : -1,
                                 POLLOUT, 0};
    return 3;
}

static void end_input(struct relay *relay)
{
    struct termios settings;

    relay->input_open = 0;
    if (!relay->is_terminal) {
        shutdown(relay->channel, SHUT_WR);
        return;
    }
    if (tcgetattr(relay->channel, &settings) < 0)
        return;
    /* To a terminal, the end of input is a character at the beginning of a line;
     * elsewhere it ends the line. */
    relay->in_length = relay->in_line && settings.c_lflag & ICANON ? 2 : 1;
    memset(relay->in, settings.c_cc[VEOF], relay->in_length);
}

static void read_input(struct relay *relay)
{
    ssize_t length = read(STDIN_FILENO, relay->in, sizeof(relay->in));

    if (length > 0) {
        relay->in_length = (size_t)length;
        relay->in_line = !strchr("\n\r", relay->in[length - 1]);
    } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
        end_input(relay);
    }
}

/* Writes what it can and keeps the rest. Returns -1 when nobody takes it. */
static int put(int fd, char *buffer, size_t *length)
{
    ssize_t written = write(fd, buffer, *length);

    if (written < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    *length -= (size_t)written;
    memmove(buffer, buffer + written, *length);
    return 0;
}

static void read_output(struct relay *relay)
{
    ssize_t length = read(relay->channel, relay->out, sizeof(relay->out));

    if (length > 0)
        relay->out_length = (size_t)length;
    /* EIO: nobody has the terminal open. */
    else if (length == 0 || (errno != EAGAIN && errno != EINTR))
        relay->output_open = 0;
}

/* Nobody takes it any more: the child is to learn of that where it writes. */
static void end_output(struct relay *relay)
{
    relay->out_length = 0;
    relay->output_open = 0;
    if (!relay->is_terminal) {
        shutdown(relay->channel, SHUT_RD);
        return;
    }
    /* Hangs up. */
    close(relay->channel);
    relay->channel = -1;
}

void relay_move(struct relay *relay, const struct pollfd *entries, int count)
{
    if (count == 0)
        return;
    if (entries[2].revents && put(STDOUT_FILENO, relay->out, &relay->out_length))
        end_output(relay);
    if (relay->channel < 0)
        return;
    if (entries[0].revents & (POLLIN | POLLHUP | POLLERR) &&
        relay->output_open && relay->out_length == 0)
        read_output(relay);
    if (entries[0].revents & (POLLOUT | POLLERR) && relay->in_length > 0 &&
        put(relay->channel, relay->in, &relay->in_length)) {
        relay->in_length = 0;
        relay->input_open = 0;
    }
    if (entries[1].revents)
        read_input(relay);
}

int tells_to_end(int signal)
{
    return signal == SIGHUP || signal == SIGINT || signal == SIGQUIT ||
           signal == SIGTERM;
}

/* Waits until standard output takes something. Returns -1 if it does not in time,
 * or we are told to end before it does. */
static int await_reader(int signals, int patience_ms)
{
    struct pollfd entries[] = {{STDOUT_FILENO, POLLOUT, 0},
                               {signals, POLLIN, 0}};
    struct signalfd_siginfo info;

    for (;;) {
        if (poll(entries, 2, patience_ms) == 0)
            return -1;
        if (entries[0].revents)
            return 0;
        if (read(signals, &info, sizeof(info)) == sizeof(info) &&
            tells_to_end((int)info.ssi_signo))
            return -1;
    }
}

void relay_drain(struct relay *relay, int signals, int patience_ms)
{
    if (relay->channel < 0)
        return;
    for (;;) {
        while (relay->out_length > 0) {
            if (await_reader(signals, patience_ms) < 0 ||
                put(STDOUT_FILENO, relay->out, &relay->out_length) < 0)
                return;
        }
        read_output(relay);
        if (relay->out_length == 0)
            return;
    }
}
