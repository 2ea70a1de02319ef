/*
 * A worker: takes one request after another over one connection, and answers
 * each with its body, or with "hello" if it has none.
 */
#define _GNU_SOURCE
#include "proxy_wire.h"

#include <stdlib.h>

int
main(void)
{
    static struct message work, confirmation;
    static const char fields[] = "Content-Type: text/plain\r\n";
    const char *address = getenv("REPLY_SOCKET"), *next = getenv("NEXT_URL");
    int fd = address && next ? wire_connect(address) : -1;
    char url[512];

    while (fd >= 0 && wire_get(fd, wire_path(next)) && wire_read(fd, &work)) {
        const char *body = work.body_size > 0 ? work.bytes + work.body_at : "hello\n";
        size_t size = work.body_size > 0 ? work.body_size : 6;

        if (work.status == 204) {
            continue;
        }
        /* Refused is refused: whoever asked may have gone. */
        if (work.status != 200 || !wire_field(&work, "urocket-reply-url:", url, sizeof url)
            || !wire_post(fd, wire_path(url), fields, body, size) || !wire_read(fd, &confirmation)) {
            return 1;
        }
    }
    return fd < 0;
}
