/**
 * Whether messages are of the same sender, as far as they tell.
 *
 * @module
 */

import type { Message } from "./message.ts";
import { inodeOf } from "./process_identity.ts";

/**
 * Compares who has sent two messages.
 *
 * @param one A message.
 * @param other Another one.
 * @returns Whether both tell the same of their sender, by credentials and pidfd, or nothing.
 */
export function isSameSender(one: Message, other: Message): boolean {
  const [mine, theirs] = [one.credentials, other.credentials];
  if (mine?.pid !== theirs?.pid || mine?.uid !== theirs?.uid || mine?.gid !== theirs?.gid) return false;
  if (!one.pidfd || !other.pidfd) return one.pidfd === other.pidfd;
  return inodeOf(one.pidfd.number) === inodeOf(other.pidfd.number);
}
