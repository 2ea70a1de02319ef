import { assertEquals } from "@std/assert";
import { asUser, withDescriptorLimit } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { runProgram } from "../cli/program.ts";
import { agreeWithPython } from "./python.ts";

/** The kernel counts what is in flight by user, so each run is one of its own. */
let user = 320_000_000 + Deno.pid;

const NEW_USER = ["unshare", "--user", "--map-root-user", "--net"];

/** Another network, with settings that no host has. */
const OTHER_SETTINGS = [
  "unshare",
  "--net",
  "sh",
  "-c",
  "echo 3 > /proc/sys/net/unix/max_dgram_qlen && echo 7 > /proc/sys/net/core/somaxconn && " +
  "echo '40000 40099' > /proc/sys/net/ipv4/ip_local_port_range && exec \"$@\"",
  "sh",
];

async function isForbidden(command: readonly string[], why: string): Promise<string | false> {
  try {
    return (await runProgram([...command, "true"])).status === 0 ? false : why;
  } catch {
    return why;
  }
}

function setting(name: string): number {
  return Number(Deno.readTextFileSync(`/proc/sys/${name.replaceAll(".", "/")}`));
}

claim("every limit is what direct system calls of Python measure", async () => {
  await agreeWithPython();
});

claim("every limit is so for a user without capabilities", async () => {
  const values = await agreeWithPython(asUser(user++));
  assertEquals(values["sndbuf-force"], "EPERM");
  assertEquals(values["fds-in-flight"], 65);
  assertEquals(values["fds-in-flight-limited"], true);
}, { skip: NEEDS_ROOT });

claim("every limit is so for root in a user namespace, who is no exception to what is in flight", async () => {
  const values = await agreeWithPython(NEW_USER);
  assertEquals(values["fds-in-flight-limited"], true);
  assertEquals(values["sndbuf-force"], "EPERM");
}, { skip: await isForbidden(NEW_USER, "needs user namespaces") });

claim("every limit is so where the host has other settings, and follows them", async () => {
  const values = await agreeWithPython(OTHER_SETTINGS);
  assertEquals(values["dgram-queue"], 4);
  assertEquals(values["backlog-most"], 7);
  assertEquals([values["tcp-port-lowest"], values["tcp-port-highest"]], [40_000, 40_099]);
  assertEquals(values["tcp-listen-unbound"], true);
}, { skip: await isForbidden(OTHER_SETTINGS, "needs a network namespace of its own") });

claim("every limit is so where few descriptors can be open", async () => {
  const values = await agreeWithPython([...withDescriptorLimit(48), ...asUser(user++)]);
  assertEquals(values["fds-open"], 48);
  assertEquals(values["fds-in-flight"], 49);
}, { skip: NEEDS_ROOT });

claim("the limits fit the settings of the host, as the manual pages say", async () => {
  const values = await agreeWithPython();
  assertEquals(values["sndbuf-default"], setting("net.core.wmem_default"));
  assertEquals(values["sndbuf-most"], 2 * setting("net.core.wmem_max"));
  assertEquals(values["sndbuf-asked"], 2 * 32768);
  for (const type of ["dgram", "seqpacket"]) {
    assertEquals(values[`${type}-largest`], Number(values["sndbuf-default"]) - 32);
    assertEquals(values[`${type}-least`], Number(values["sndbuf-least"]) - 32);
  }
  assertEquals(values["dgram-queue"], setting("net.unix.max_dgram_qlen") + 1);
  assertEquals(values["backlog"], 5);
  assertEquals(values["backlog-most"], setting("net.core.somaxconn"));
  assertEquals(values["kernel-release"], Deno.osRelease());
});
