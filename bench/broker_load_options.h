#ifndef IPCX_BENCH_BROKER_LOAD_OPTIONS_H
#define IPCX_BENCH_BROKER_LOAD_OPTIONS_H

#include "broker_wire.h"

#define IN_FLIGHT_MAX 4096

struct load_options {
    struct wire_address address;
    unsigned in_flight;
    unsigned waiting;
    double seconds;
    double warmup;
    int daemon_pid;
};

/* Exits with status 2 on arguments that make no sense. */
struct load_options load_options_parse(int argc, char **argv);

#endif
