/*
 * An HTTP server on a listener that it was given as descriptor 3. It answers
 * with what it sees around itself: the namespaces it is in, whether a socket of
 * its own listener's name can be reached from here, and a file of its own mount
 * namespace. Compile it with `cc -static`: it needs nothing from where it runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTENER 3
#define BODY_SIZE 4096

/* Connects to itself: an abstract name counts only in the network namespace that
 * it was made in. */
static const char *try_own_name(void)
{
    struct sockaddr_un name;
    socklen_t size = sizeof(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = getsockname(LISTENER, (struct sockaddr *)&name, &size) < 0 ||
                 connect(fd, (struct sockaddr *)&name, size) < 0;
    int failure = errno;

    close(fd);
    return failed ? strerror(failure) : "it can be reached";
}

static void describe(char *body, const char *path)
{
    char net[64] = "", file[BODY_SIZE / 2] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (readlink("/proc/self/ns/net", net, sizeof(net) - 1) < 0)
        snprintf(net, sizeof(net), "%s", strerror(errno));
    if (fd < 0 || read(fd, file, sizeof(file) - 1) < 0)
        snprintf(file, sizeof(file), "%s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
    snprintf(body, BODY_SIZE, "pid %d\nnet %s\nname %s\nfile %s", (int)getpid(),
             net, try_own_name(), file);
}

/* One request on one connection; what comes in pieces is put together. */
static void serve(int connection)
{
    char request[2048] = "", path[1024] = "", body[BODY_SIZE];
    size_t length = 0;
    ssize_t more;

    while (!strstr(request, "\r\n\r\n") && length < sizeof(request) - 1) {
        more = read(connection, request + length, sizeof(request) - 1 - length);
        if (more <= 0)
            return;
        length += (size_t)more;
    }
    if (sscanf(request, "GET %1023s HTTP/1.1\r\n", path) == 1) {
        describe(body, path);
        dprintf(connection, "HTTP/1.1 200 OK\r\n"
                            "content-type: text/plain\r\ncontent-length: %zu\r\n"
                            "connection: close\r\n\r\n%s",
                strlen(body), body);
    } else {
        dprintf(connection, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    }
}

int main(void)
{
    fprintf(stderr, "serving\n");
    for (;;) {
        int connection = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);

        if (connection < 0) {
            perror("accept");
            return 1;
        }
        serve(connection);
        close(connection);
    }
}
