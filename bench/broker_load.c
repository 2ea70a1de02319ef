/*
 * One thread and blocking sockets, replies awaited in the order of the
 * requests, because daemons pair in arrival order; epoll would only add system
 * calls. Tried against the C reference daemon on two cores, 8 and 32 in flight:
 * this, 36-39 k pairs/s; refilled in batches instead of one by one, 27-36 k;
 * two load processes, 35 k in sum. The load then uses 0.7 of a core and the
 * daemon 0.8, the rest being the kernel's collector of descriptors in flight.
 */
#define _GNU_SOURCE
#include "broker_load_options.h"
#include "broker_pairing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define CHECK_EVERY 256
#define WATCHDOG_MS 5000
#define ERRORS_MAX 1000
#define PAIRS_PER_S_MAX 200000

struct tally {
    uint64_t *latencies_ns;
    size_t capacity;
    size_t pairs;
    size_t checks;
    size_t errors;
};

struct cpu {
    double load;
    double daemon;
};

static void
fail(const char *what)
{
    fprintf(stderr, "broker_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
files_limit_raise(void)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static double
daemon_cpu_seconds(int pid)
{
    unsigned long user = 0, system = 0;
    char path[64], line[1024];

    if (pid == 0) {
        return 0;
    }
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");

    if (!file) {
        fail(path);
    }
    /* The command name may hold spaces and parentheses itself. */
    char *rest = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;

    fclose(file);
    if (!rest
        || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                  &user, &system) != 2) {
        fail(path);
    }
    return (double) (user + system) / (double) sysconf(_SC_CLK_TCK);
}

static struct cpu
cpu_used(int daemon_pid)
{
    struct rusage own;

    getrusage(RUSAGE_SELF, &own);
    return (struct cpu) {
        .load = (double) (own.ru_utime.tv_sec + own.ru_stime.tv_sec)
                + (double) (own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6,
        .daemon = daemon_cpu_seconds(daemon_pid),
    };
}

/* Leaves the ring full: what is in flight at the end of the warm-up belongs to
 * the measurement, so that this does not begin with an idle daemon. */
static void
drive(const struct load_options *options, struct pairing *ring, double seconds,
      struct tally *tally)
{
    static unsigned oldest;
    uint64_t deadline_ns = wire_now_ns() + (uint64_t) (seconds * 1e9);
    uint64_t latency_ns;

    while (tally->pairs < tally->capacity && tally->errors < ERRORS_MAX) {
        struct pairing *pairing = &ring[oldest];

        if (pairing->client >= 0) {
            bool check = tally->pairs % CHECK_EVERY == 0;

            if (pairing_finish(pairing, check, &latency_ns)) {
                tally->latencies_ns[tally->pairs++] = latency_ns;
                tally->checks += check;
            } else {
                tally->errors++;
            }
        }
        tally->errors += !pairing_begin(pairing, &options->address);
        oldest = (oldest + 1) % options->in_flight;
        if (pairing->started_ns >= deadline_ns) {
            return;
        }
    }
}

static int
by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

    return (x > y) - (x < y);
}

static double
quantile_us(const struct tally *tally, double share)
{
    size_t last = tally->pairs ? tally->pairs - 1 : 0;

    return (double) tally->latencies_ns[(size_t) (share * (double) last + 0.5)]
           / 1000;
}

static void
report(const struct tally *tally, double seconds, struct cpu used,
       unsigned lost)
{
    qsort(tally->latencies_ns, tally->pairs, sizeof *tally->latencies_ns,
          by_value);
    printf("{\"pairs\":%zu,\"seconds\":%.3f,\"pairs_per_s\":%.0f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"errors\":%zu,"
           "\"checks\":%zu,\"waiting_lost\":%u,\"load_cpu\":%.2f,"
           "\"daemon_cpu\":%.2f}\n",
           tally->pairs, seconds,
           seconds > 0 ? (double) tally->pairs / seconds : 0,
           quantile_us(tally, 0.5), quantile_us(tally, 0.99),
           quantile_us(tally, 1), tally->errors, tally->checks, lost,
           used.load, used.daemon);
    fflush(stdout);
}

/* Daemons take connections in order: once this pairing is answered, all
 * that wait have been accepted. */
static void
settle(const struct load_options *options)
{
    struct pairing probe;
    uint64_t latency_ns;

    if (!pairing_begin(&probe, &options->address)
        || !pairing_finish(&probe, true, &latency_ns)) {
        fputs("broker_load: the daemon does not pair\n", stderr);
        exit(1);
    }
}

static void
hold(double seconds)
{
    uint64_t deadline_ns = wire_now_ns() + (uint64_t) (seconds * 1e9);

    while (wire_now_ns() < deadline_ns) {
        pause();
    }
}

int
main(int argc, char **argv)
{
    static struct pairing ring[IN_FLIGHT_MAX];
    struct load_options options = load_options_parse(argc, argv);
    double longest = options.seconds > options.warmup ? options.seconds
                                                      : options.warmup;
    struct tally tally = {
        .capacity = (size_t) (longest * PAIRS_PER_S_MAX) + 1,
    };

    files_limit_raise();
    wire_watchdog_start(WATCHDOG_MS);
    tally.latencies_ns = calloc(tally.capacity, sizeof *tally.latencies_ns);
    int *waiting = waiting_open(&options.address, options.waiting);

    if (!tally.latencies_ns || !waiting) {
        fail("memory");
    }
    settle(&options);
    if (options.in_flight == 0) {
        report(&tally, 0, (struct cpu) { 0 },
               waiting_lost(waiting, options.waiting));
        hold(options.seconds);
        return 0;
    }
    for (unsigned i = 0; i < options.in_flight; i++) {
        ring[i].client = ring[i].server = -1;
    }
    drive(&options, ring, options.warmup, &tally);
    tally.pairs = tally.checks = 0;

    struct cpu before = cpu_used(options.daemon_pid);
    uint64_t started_ns = wire_now_ns();

    drive(&options, ring, options.seconds, &tally);
    double seconds = (double) (wire_now_ns() - started_ns) / 1e9;
    struct cpu after = cpu_used(options.daemon_pid);
    struct cpu used = {
        .load = (after.load - before.load) / seconds,
        .daemon = (after.daemon - before.daemon) / seconds,
    };
    report(&tally, seconds, used, waiting_lost(waiting, options.waiting));
    wire_close_all();
    return 0;
}
