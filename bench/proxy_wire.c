#define _GNU_SOURCE
#include "proxy_wire.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

int
wire_connect(const char *address)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    size_t length = strlen(address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (length >= sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name.sun_path, address, length);
    if (address[0] == '@') {
        name.sun_path[0] = '\0';
    } else {
        length++;
    }
    if (connect(fd, (struct sockaddr *) &name,
                (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length)) < 0) {
        return -1;
    }
    return fd;
}

/* Returns whether all of it could be written. */
static bool
write_all(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t written = writev(fd, parts, count);

        if (written < 0) {
            return false;
        }
        for (; count > 0 && (size_t) written >= parts->iov_len; parts++, count--) {
            written -= (ssize_t) parts->iov_len;
        }
        if (count > 0) {
            parts->iov_base = (char *) parts->iov_base + written;
            parts->iov_len -= (size_t) written;
        }
    }
    return true;
}

bool
wire_post(int fd, const char *path, const char *fields, const char *body, size_t size)
{
    char head[1024];
    int length = snprintf(head, sizeof head,
                          "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n",
                          path, fields, size);
    struct iovec parts[] = {
        { .iov_base = head, .iov_len = (size_t) length },
        { .iov_base = (char *) body, .iov_len = size },
    };

    return write_all(fd, parts, 2);
}

bool
wire_get(int fd, const char *path)
{
    char head[1024];
    int length = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    struct iovec part = { .iov_base = head, .iov_len = (size_t) length };

    return write_all(fd, &part, 1);
}

/* Reads more of a message; false at its end or if it is too long. */
static bool
read_more(int fd, struct message *message)
{
    ssize_t count = read(fd, message->bytes + message->length, WIRE_MAX - message->length);

    if (count <= 0) {
        return false;
    }
    message->length += (size_t) count;
    message->bytes[message->length] = '\0';
    return true;
}

bool
wire_read(int fd, struct message *message)
{
    char length[32];
    const char *end;

    message->length = 0;
    message->bytes[0] = '\0';
    do {
        if (!read_more(fd, message)) {
            return false;
        }
        end = memmem(message->bytes, message->length, "\r\n\r\n", 4);
    } while (!end);
    if (sscanf(message->bytes, "HTTP/1.1 %d", &message->status) != 1) {
        return false;
    }
    message->body_at = (size_t) (end - message->bytes) + 4;
    message->body_size = 0;
    if (wire_field(message, "content-length:", length, sizeof length)) {
        message->body_size = (size_t) strtoul(length, NULL, 10);
    }
    if (message->body_at + message->body_size > WIRE_MAX) {
        return false;
    }
    while (message->length < message->body_at + message->body_size) {
        if (!read_more(fd, message)) {
            return false;
        }
    }
    return true;
}

bool
wire_field(const struct message *message, const char *name, char *value, size_t size)
{
    const char *end = message->bytes + message->body_at;
    const char *line = strchr(message->bytes, '\n');

    for (; line && line + 1 < end; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, strlen(name)) == 0) {
            const char *start = line + strlen(name) + strspn(line + strlen(name), " ");
            size_t length = strcspn(start, "\r\n");

            if (length >= size) {
                return false;
            }
            memcpy(value, start, length);
            value[length] = '\0';
            return true;
        }
    }
    return false;
}

const char *
wire_path(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = strchr(host ? host + 3 : url, '/');

    return path ? path : "/";
}
