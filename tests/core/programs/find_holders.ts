/**
 * Prints who has the socket open whose inode is its argument.
 *
 * @module
 */

import { findSocketHolders } from "../../../src/core/socket_holders.ts";

const { byInode, isComplete } = findSocketHolders();
console.log(JSON.stringify({ isComplete, found: byInode.get(Number(Deno.args[0])) ?? [] }));
