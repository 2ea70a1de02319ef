#define _GNU_SOURCE
#include "broker_pairing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
pairing_begin(struct pairing *pairing, const struct wire_address *address)
{
    static unsigned long serial;
    char key[64];

    snprintf(key, sizeof key, "pairing-%d-%lu", (int) getpid(), serial++);
    pairing->server = -1;
    pairing->started_ns = wire_now_ns();
    pairing->client = wire_request(address, WIRE_CLIENT, key);
    if (pairing->client >= 0) {
        pairing->server = wire_request(address, WIRE_SERVER, key);
    }
    if (pairing->server < 0) {
        pairing_abandon(pairing);
        return false;
    }
    return true;
}

/* The server asked last and is usually answered last: by the time its reply is
 * here so is the client's, which saves one sleep and one wake-up a pairing. */
bool
pairing_finish(struct pairing *pairing, bool check, uint64_t *latency_ns)
{
    int server_end = wire_reply(pairing->server);
    int client_end = server_end < 0 ? -1 : wire_reply(pairing->client);
    bool paired = client_end >= 0;

    *latency_ns = wire_now_ns() - pairing->started_ns;
    if (paired && check) {
        paired = wire_byte_crosses(client_end, server_end);
    }
    wire_close_later(server_end);
    wire_close_later(client_end);
    pairing_abandon(pairing);
    return paired;
}

void
pairing_abandon(struct pairing *pairing)
{
    wire_close_later(pairing->client);
    wire_close_later(pairing->server);
    pairing->client = pairing->server = -1;
}

int *
waiting_open(const struct wire_address *address, unsigned count)
{
    int *fds = calloc(count + 1, sizeof *fds);
    char key[64];

    for (unsigned i = 0; fds && i < count; i++) {
        snprintf(key, sizeof key, "waiting-%d-%u", (int) getpid(), i);
        fds[i] = wire_request(address, WIRE_CLIENT, key);
        if (fds[i] < 0) {
            fprintf(stderr, "broker_load: waiting connection %u of %u: %s\n",
                    i + 1, count, strerror(errno));
            exit(1);
        }
    }
    return fds;
}

unsigned
waiting_lost(const int *fds, unsigned count)
{
    unsigned lost = 0;
    char byte;

    for (unsigned i = 0; i < count; i++) {
        ssize_t received = recv(fds[i], &byte, 1, MSG_DONTWAIT);

        lost += !(received < 0 && errno == EAGAIN);
    }
    return lost;
}
