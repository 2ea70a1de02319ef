/* Two views of the environment: one for the dynamic loader, then the caller's.
 *
 * Both have the same slots: the loader expects the auxiliary vector right behind. */
#include "launcher.h"

static char nothing[] = "";

/* What the runtime would otherwise do by itself: keep files below HOME, ask the network for a newer version.
 * The program takes both out again (deploy/portable/boot.ts). */
static char no_files[] = "DENO_DIR=/proc/self/ipcx";
static char no_questions[] = "DENO_NO_UPDATE_CHECK=1";

static int is_replaced(const char *entry) {
  return begins(entry, "DENO_DIR=") || begins(entry, "DENO_NO_UPDATE_CHECK=");
}

/* For the loader: nothing that would make it load what is made for other libraries. */
void hide_environment(char **slots, const struct arrival *arrival, const char *preload) {
  for (long at = 0; at < arrival->envc; at++) slots[at] = begins(arrival->envp[at], "LD_") ? nothing : arrival->envp[at];
  slots[arrival->envc] = (char *)preload;
  for (int at = 1; at < ADDED_VARIABLES; at++) slots[arrival->envc + at] = nothing;
  slots[arrival->envc + ADDED_VARIABLES] = 0;
}

/* For the runtime: what the caller gave, every byte. */
void show_environment(char **slots, const struct arrival *arrival) {
  long count = 0;
  for (long at = 0; at < arrival->envc; at++)
    if (!is_replaced(arrival->envp[at])) slots[count++] = arrival->envp[at];
  slots[count++] = no_files;
  slots[count++] = no_questions;
  slots[count] = 0;
}
