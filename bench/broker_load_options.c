#define _GNU_SOURCE
#include "broker_load_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static void
usage(void)
{
    fputs("usage: broker_load --socket PATH|@NAME [--in-flight N] [--seconds S]\n"
          "                   [--waiting W] [--warmup S] [--daemon-pid PID]\n"
          "With --in-flight 0 the waiting connections are only held: the line is\n"
          "printed once they are, and S seconds later the program ends.\n",
          stderr);
    exit(2);
}

static double
number(const char *text, double max)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= 0 && value <= max)) {
        usage();
    }
    return value;
}

struct load_options
load_options_parse(int argc, char **argv)
{
    static const struct option known[] = {
        { "socket", required_argument, NULL, 's' },
        { "in-flight", required_argument, NULL, 'n' },
        { "seconds", required_argument, NULL, 't' },
        { "waiting", required_argument, NULL, 'w' },
        { "warmup", required_argument, NULL, 'u' },
        { "daemon-pid", required_argument, NULL, 'p' },
        { 0 },
    };
    struct load_options options = { .in_flight = 1, .seconds = 3, .warmup = 1 };
    int letter;

    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (letter) {
        case 's':
            if (!wire_address_parse(&options.address, optarg)) {
                usage();
            }
            break;
        case 'n': options.in_flight = (unsigned) number(optarg, IN_FLIGHT_MAX);
            break;
        case 't': options.seconds = number(optarg, 3600); break;
        case 'w': options.waiting = (unsigned) number(optarg, 1e6); break;
        case 'u': options.warmup = number(optarg, 3600); break;
        case 'p': options.daemon_pid = (int) number(optarg, 1 << 22); break;
        default: usage();
        }
    }
    if (options.address.len == 0 || optind != argc) {
        usage();
    }
    return options;
}
