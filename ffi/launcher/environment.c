/* Two views of the environment: one for the dynamic loader, then the caller's.
 *
 * Both have the same slots: the loader expects the auxiliary vector right behind. */
#include "launcher.h"

static char nothing[] = "";

/* What the runtime would otherwise do by itself: keep files below HOME, and at a terminal complain
 * where it cannot; ask the network for a newer version. */
static char no_files[] = "DENO_DIR=/proc/self/ipcx";
static char no_complaints[] = "DENO_LOG=error,deno::cache::cache_db=off";
static char no_questions[] = "DENO_NO_UPDATE_CHECK=1";

/* Whether a variable is for programs that run in Deno or Node, such as those that ipcx starts: the runtime would
 * take over a descriptor for NODE_CHANNEL_FD, write files for DENO_COVERAGE_DIR, not start with others. Only what
 * tells whom to trust is for ipcx, too. The program gets all back (deploy/portable/environment.ts). */
static int is_hidden(const char *entry) {
  if (begins(entry, "NODE_")) return !begins(entry, "NODE_EXTRA_CA_CERTS=");
  return begins(entry, "DENO_") && !begins(entry, "DENO_CERT=") && !begins(entry, "DENO_TLS_CA_STORE=");
}

/* For the loader: nothing that would make it load what is made for other libraries. */
void hide_environment(char **slots, const struct arrival *arrival, const char *preload) {
  for (long at = 0; at < arrival->envc; at++) slots[at] = begins(arrival->envp[at], "LD_") ? nothing : arrival->envp[at];
  slots[arrival->envc] = (char *)preload;
  for (int at = 1; at < ADDED_VARIABLES; at++) slots[arrival->envc + at] = nothing;
  slots[arrival->envc + ADDED_VARIABLES] = 0;
}

/* For the runtime: what the caller gave, every byte of what is not hidden. */
void show_environment(char **slots, const struct arrival *arrival, const char *directory) {
  long count = 0;
  for (long at = 0; at < arrival->envc; at++)
    if (!is_hidden(arrival->envp[at])) slots[count++] = arrival->envp[at];
  slots[count++] = no_files;
  slots[count++] = no_complaints;
  slots[count++] = no_questions;
  if (directory) slots[count++] = (char *)directory;
  slots[count] = 0;
}
