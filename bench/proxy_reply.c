/*
 * The program that answers at the reply socket: with its argument, or with
 * "hello" if there is none. With TWICE in the environment it answers a second
 * time, and fails unless that is refused.
 */
#define _GNU_SOURCE
#include "proxy_wire.h"

#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    static struct message confirmation;
    static const char fields[] = "Content-Type: text/plain\r\n";
    const char *text = argc > 1 ? argv[1] : "hello\n";
    const char *address = getenv("REPLY_SOCKET"), *url = getenv("REPLY_URL");
    int fd = address && url ? wire_connect(address) : -1;

    if (fd < 0
        || !wire_post(fd, wire_path(url), fields, text, strlen(text))
        || !wire_read(fd, &confirmation) || confirmation.status != 200) {
        return 1;
    }
    if (!getenv("TWICE")) {
        return 0;
    }
    return !wire_post(fd, wire_path(url), fields, "again", 5)
        || !wire_read(fd, &confirmation) || confirmation.status != 409;
}
