/* HTTP over a Unix socket, as little as the programs behind the gateway need. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WIRE_MAX (256 * 1024)

struct message {
    char bytes[WIRE_MAX + 1];
    size_t length;    /* of what was read */
    size_t body_at;   /* where the body begins */
    size_t body_size;
    int status;
};

/* Connects to a path, or to an abstract name written @NAME; -1 with errno. */
int wire_connect(const char *address);

/* Writes a POST with a body and the given further header lines, each ended by CRLF. */
bool wire_post(int fd, const char *path, const char *fields, const char *body, size_t size);

/* Writes a GET. */
bool wire_get(int fd, const char *path);

/* Reads one response of known length. */
bool wire_read(int fd, struct message *message);

/* Copies the value of a header field, which is given with its colon; false if it is not there. */
bool wire_field(const struct message *message, const char *name, char *value, size_t size);

/* The path of a URL, which is part of it. */
const char *wire_path(const char *url);
