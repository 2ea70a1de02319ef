import { assert, assertEquals } from "@std/assert";
import { createServer } from "node:http";
import { serveListener } from "../../src/core/adoption.ts";
import { listenEphemeral } from "../../src/core/ephemeral.ts";
import { check } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { internetNameOf } from "../../src/core/internet.ts";
import { native } from "../../src/core/native.ts";
import { claim, NEEDS_ROOT, OwnDirectory } from "../claim.ts";
import { asNobody, result } from "./programs/run.ts";

/** Whether a connection to an address is taken. */
async function takes(port: number, hostname: string): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    assert(error instanceof Deno.errors.ConnectionRefused, `${error}`);
    return false;
  }
}

/** How many connections may wait: what TCP_INFO (tcp(7)) tells of a listener as `tcpi_sacked`. */
function backlogOf(listener: Fd): number {
  const info = new Uint32Array(26);
  check(native.ipcx_get_option(listener.number, 6, 11, info, info.byteLength), "getsockopt");
  return info[7];
}

/** The addresses of this host beside those of loopback. */
function ownAddresses(family: "IPv4" | "IPv6"): string[] {
  return Deno.networkInterfaces()
    .filter((one) => one.family === family && one.name !== "lo" && !one.address.startsWith("fe80"))
    .map(({ address }) => address);
}

const HAS_IPV6 = Deno.networkInterfaces().some(({ address }) => address === "::1");
const WITHOUT_IPV6 = !HAS_IPV6 && "there is no IPv6";

claim("a port that nobody has chosen is told, and is reached at once", async () => {
  using listener = listenEphemeral();
  assertEquals(listener.address, "127.0.0.1");
  const [first, last] = Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range").split(/\s+/).map(Number);
  assert(listener.port >= first && listener.port <= last, `port ${listener.port}`);
  assert(await takes(listener.port, listener.address));
  // It was not bound to an address: the kernel tells of none.
  assertEquals(internetNameOf(listener.fd), { address: "0.0.0.0", port: listener.port });
});

claim("only this host reaches it, unless it is to be everywhere", async () => {
  const own = ownAddresses("IPv4");
  for (const [options, others] of [[{}, false], [{ everywhere: true }, true]] as const) {
    using listener = listenEphemeral(options);
    for (const loopback of ["127.0.0.1", "127.1.2.3"]) assert(await takes(listener.port, loopback), loopback);
    for (const address of own) assertEquals(await takes(listener.port, address), others, address);
    assertEquals(listener.address, others ? "0.0.0.0" : "127.0.0.1");
  }
});

claim("with IPv6 it takes connections of both kinds", async () => {
  const own = [...ownAddresses("IPv4"), ...ownAddresses("IPv6")];
  for (const [options, others] of [[{}, false], [{ everywhere: true }, true]] as const) {
    using listener = listenEphemeral({ ipv6: true, ...options });
    for (const loopback of ["127.0.0.1", "::1"]) assert(await takes(listener.port, loopback), loopback);
    for (const address of own) assertEquals(await takes(listener.port, address), others, address);
    assertEquals(listener.address, others ? "::" : "::1");
  }
}, { skip: WITHOUT_IPV6 });

claim("without IPv6 nobody connects by it", async () => {
  using listener = listenEphemeral();
  assert(!await takes(listener.port, "::1"));
}, { skip: WITHOUT_IPV6 });

claim("the backlog is what was asked for, as far as the kernel lets it be", () => {
  const cap = Number(Deno.readTextFileSync("/proc/sys/net/core/somaxconn"));
  for (const backlog of [0, 1, 77, undefined]) {
    using listener = listenEphemeral({ backlog });
    assertEquals(backlogOf(listener.fd), Math.min(backlog ?? 4096, cap));
  }
});

claim("it takes no privilege", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o777);
  const told = await result<object>("listen_ephemeral.ts", ["1"], asNobody(directory.path));
  assertEquals(told, { listening: 1 });
}, { skip: NEEDS_ROOT });

claim("when the kernel has no port left it says so", async () => {
  const narrow = 'echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range; exec "$@"';
  const told = await result<object>("listen_ephemeral.ts", ["9"], {
    through: ["unshare", "--net", "sh", "-c", narrow, "sh"],
  });
  assertEquals(told, {
    listening: 4,
    failure: "listen at any port of net.ipv4.ip_local_port_range: Address already in use (EADDRINUSE)",
  });
}, { skip: NEEDS_ROOT });

claim("two of them have two ports, and a server answers at each", async () => {
  const servers = await Promise.all([1, 2].map(async (number) => {
    using listener = listenEphemeral();
    const server = createServer((_request, response) => void response.end(`server ${number}`));
    await serveListener(server, listener.fd);
    return { server, url: `http://127.0.0.1:${listener.port}/` };
  }));
  const answers = await Promise.all(servers.map(async ({ url }) => await (await fetch(url)).text()));
  assertEquals(answers, ["server 1", "server 2"]);
  for (const { server } of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

claim("a closed one refuses", async () => {
  const listener = listenEphemeral();
  listener[Symbol.dispose]();
  assert(!listener.fd.isOpen);
  assert(!await takes(listener.port, "127.0.0.1"));
});
