/**
 * Closing descriptors of connections that are done with, many at a time.
 *
 * Each close(2) of a Unix socket while a descriptor is in flight anywhere on the
 * host wakes the kernel's garbage collector (net/unix/garbage.c), which then
 * takes its turn on a processor. Closes in a row wake it once. Under load that
 * is a good part of what a broker costs; so its connections are closed when
 * there is nothing else to do, after a millisecond, or when enough have come
 * together.
 *
 * @module
 */

import { native } from "./native.ts";
import { whenPaused } from "./reactor.ts";

/** The most descriptors that wait to be closed. */
export const MAX_UNCLOSED = 128;

const fds = new Int32Array(MAX_UNCLOSED);
let count = 0;
let scheduled = false;

function closeAll(): void {
  native.ipcx_close_all(fds, count);
  count = 0;
}

/**
 * Closes a descriptor soon.
 *
 * @param fd The descriptor, which nobody else may close; no longer watched.
 */
export function closeSoon(fd: number): void {
  fds[count++] = fd;
  if (count === MAX_UNCLOSED) closeAll();
  if (scheduled) return;
  scheduled = true;
  whenPaused(() => {
    scheduled = false;
    if (count > 0) closeAll();
  });
}
