/*
 * The program that answers on its standard output, for all gateways alike: the
 * head that CGI wants, then its argument, or "hello" if there is none.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    static char head[] = "Content-Type: text/plain\r\n\r\n";
    char *text = argc > 1 ? argv[1] : "hello\n";
    struct iovec parts[] = {
        { .iov_base = head, .iov_len = sizeof head - 1 },
        { .iov_base = text, .iov_len = strlen(text) },
    };
    size_t rest = parts[0].iov_len + parts[1].iov_len;
    struct iovec *part = parts;

    /* A pipe takes large texts in pieces. */
    while (rest > 0) {
        ssize_t written = writev(1, part, (int) (parts + 2 - part));

        if (written < 0) {
            return 1;
        }
        rest -= (size_t) written;
        while (part < parts + 2 && (size_t) written >= part->iov_len) {
            written -= (ssize_t) part++->iov_len;
        }
        if (part < parts + 2) {
            part->iov_base = (char *) part->iov_base + written;
            part->iov_len -= (size_t) written;
        }
    }
    return 0;
}
