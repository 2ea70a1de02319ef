/**
 * Prints the network namespaces that are found, and the one that its argument names.
 *
 * @module
 */

import { openAllNetworks, openNetwork } from "../../../src/sockets/networks.ts";

using named = openNetwork(Deno.args[0]);
const all = openAllNetworks();
console.log(JSON.stringify({ named: named.inode, all: all.map(({ inode, path }) => [inode, path]) }));
for (const network of all) network[Symbol.dispose]();
