#ifndef IPCX_BENCH_BROKER_PAIRING_H
#define IPCX_BENCH_BROKER_PAIRING_H

#include "broker_wire.h"

/* Owns both connections; -1 stands for none. */
struct pairing {
    int client;
    int server;
    uint64_t started_ns;
};

/* Starts to wait for each other under a key nobody else has. */
bool pairing_begin(struct pairing *pairing, const struct wire_address *address);

/* Waits for both replies and closes all descriptors. `*latency_ns` is set
 * always and means something only when true is returned. With `check`, a byte
 * has to cross the received pair. */
bool pairing_finish(struct pairing *pairing, bool check, uint64_t *latency_ns);

void pairing_abandon(struct pairing *pairing);

/* Opens connections that nobody will ever answer; exits when it cannot. */
int *waiting_open(const struct wire_address *address, unsigned count);

/* A daemon at its limit may throw some out, and then the figures are those of
 * an emptier daemon than was asked for. */
unsigned waiting_lost(const int *fds, unsigned count);

#endif
