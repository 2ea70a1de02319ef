/* Says where it runs: its working directory, what a file says there, and its
 * arguments. Built static and dynamic, it needs nothing but what it is linked
 * with. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    char text[256];
    ssize_t length;
    int fd;

    puts(getcwd(text, sizeof(text)) ? text : "nowhere");
    fd = count > 1 ? open(arguments[1], O_RDONLY) : -1;
    length = fd < 0 ? -1 : read(fd, text, sizeof(text));
    printf("%.*s\n", length < 0 ? 7 : (int)length, length < 0 ? "no file" : text);
    for (int i = 0; i < count; i++)
        puts(arguments[i]);
    return 0;
}
