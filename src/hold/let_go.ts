/**
 * Closing what is held, and cleaning up behind it.
 *
 * @module
 */

import { closeAll, type Fd } from "../core/fd.ts";
import type { SocketFile } from "../core/socket_file.ts";

/** The column of a socket's inode in /proc/net/unix. */
const INODE_COLUMN = 6;

function inodeOfSocket(fd: Fd): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/self/fd/${fd.number}`))?.[1];
}

/** Whether any process still has a Unix socket of this network namespace open, or it is on its way to one. */
function isOpenSomewhere(inode: string): boolean {
  const rows = Deno.readTextFileSync("/proc/net/unix").split("\n");
  return rows.some((row) => row.trim().split(/\s+/)[INODE_COLUMN] === inode);
}

/**
 * Closes a descriptor, and removes its socket file unless somebody else still
 * listens there: a server that has a copy goes on to be found.
 *
 * @param fd The descriptor.
 * @param file Its socket file, if there is one to be removed.
 */
export function letGo(fd: Fd, file?: SocketFile): void {
  const inode = file && inodeOfSocket(fd);
  closeAll([fd]);
  if (inode === undefined || !isOpenSomewhere(inode)) file?.remove();
  file?.[Symbol.dispose]();
}
