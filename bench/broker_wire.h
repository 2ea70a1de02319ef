#ifndef IPCX_BENCH_BROKER_WIRE_H
#define IPCX_BENCH_BROKER_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum wire_mode { WIRE_CLIENT = 1, WIRE_SERVER = 2 };

struct wire_address {
    struct sockaddr_un sun;
    socklen_t len;
};

uint64_t wire_now_ns(void);
bool wire_address_parse(struct wire_address *address, const char *text);

/* From here on a call blocked for longer than the limit fails. */
void wire_watchdog_start(unsigned limit_ms);

/* Returns a connection whose request has been sent, owned by the caller. */
int wire_request(const struct wire_address *address, enum wire_mode mode,
                 const char *key);

/* Returns the descriptor that was passed, owned by the caller, or -1. */
int wire_reply(int fd);

/* Closes when 256 have come together. Clients keep the socket that they were
 * given, and each close while a descriptor is in flight wakes the kernel's
 * collector: closed one by one, the load would be half of what is measured. */
void wire_close_later(int fd);

void wire_close_all(void);

/* Sends a byte into one end of a pair and reads it from the other. */
bool wire_byte_crosses(int from, int to);

#endif
