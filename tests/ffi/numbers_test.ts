/**
 * Numbers and structures of the kernel's interface that stand in TypeScript are
 * compared with what the C headers of each processor say.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { compile, compilerFor } from "../../ffi/build.ts";
import { EPOLL, EPOLL_CTL, ERRNO, MSG, NAME_SIZE, SO } from "../../src/core/linux.ts";
import { NLM_F, NLMSG } from "../../src/core/netlink.ts";
import { SHOW, TCP } from "../../src/core/unix_diag.ts";
import { SCM } from "../../src/limits/control_messages.ts";
import { F, MSG as MORE_MSG, SO as MORE_SO } from "../../src/limits/linux.ts";
import { CAPABILITY_NAMES } from "../../src/spawn/capabilities.ts";
import { NAMESPACE_FLAGS } from "../../src/spawn/namespaces.ts";
import { RESOURCE_NAMES } from "../../src/spawn/rlimits.ts";
import { SIGNAL_NAMES } from "../../src/spawn/signals.ts";
import { claim } from "../claim.ts";
import { built } from "./driver.ts";
import { runEmulated, TARGET, withoutEmulator } from "./emulator.ts";

/** What C calls it, or a C expression, and what TypeScript takes it for. */
type Numbers = Record<string, number>;

function prefixed(prefix: string, numbers: Readonly<Record<string, number>>): Numbers {
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [prefix + name, number]));
}

function inOrder(prefix: string, names: readonly string[], first: number): Numbers {
  return Object.fromEntries(names.map((name, at) => [prefix + name.toUpperCase(), first + at]));
}

function sources(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? sources(`${folder}/${name}`) : name.endsWith(".ts") ? [`${folder}/${name}`] : []
  );
}

/** Numbers of the interface that a module has for itself, by how they are named there. */
function private_(): Numbers {
  const family = "AF|SOCK|IPPROTO|TCP|SHUT|MFD|O|F|CLD|NETLINK|NLMSG|NLM_F|UDIAG|UNIX_DIAG";
  const pattern = new RegExp(
    `^(?:export )?const ((?:${family})_[A-Z_]+|SOCK_DIAG_BY_FAMILY|SIG[A-Z]+|E[A-Z]+|[RWX]_OK|SOL_SOCKET|AF_UNIX|NGROUPS_MAX|NAME_MAX) = (-?[\\dxo_a-f]+);`,
    "gm",
  );
  const found: Numbers = {};
  for (const path of sources(new URL("../../src", import.meta.url).pathname)) {
    for (const [, name, number] of Deno.readTextFileSync(path).matchAll(pattern)) {
      const value = Number(number.replaceAll("_", ""));
      assertEquals(found[name] ?? value, value, `${name} is two numbers`);
      found[name] = value;
    }
  }
  // A word of ours, not one of errno(3).
  delete found.END;
  return found;
}

const NUMBERS: Numbers = {
  ...private_(),
  ...prefixed("MSG_", MSG),
  ...prefixed("MSG_", MORE_MSG),
  ...prefixed("EPOLL", EPOLL),
  ...prefixed("EPOLL_CTL_", EPOLL_CTL),
  ...ERRNO,
  ...prefixed("SO_", SO),
  ...prefixed("SO_", MORE_SO),
  ...prefixed("SCM_", SCM),
  ...prefixed("F_", F),
  ...prefixed("NLMSG_", NLMSG),
  ...prefixed("NLM_F_", NLM_F),
  ...prefixed("TCP_", TCP),
  ...inOrder("SIG", SIGNAL_NAMES, 1),
  ...inOrder("RLIMIT_", RESOURCE_NAMES, 0),
  ...inOrder("CAP_", CAPABILITY_NAMES, 0),
  ...Object.fromEntries(
    Object.entries(NAMESPACE_FLAGS).map((
      [kind, flag],
    ) => [`CLONE_NEW${kind === "mnt" ? "NS" : kind.toUpperCase()}`, flag]),
  ),
  ...prefixed("UDIAG_SHOW_", {
    NAME: SHOW.NAME,
    VFS: SHOW.VFS,
    PEER: SHOW.PEER,
    ICONS: SHOW.PENDING,
    RQLEN: SHOW.QUEUES,
    MEMINFO: SHOW.MEMORY,
    UID: SHOW.UID,
  }),
  // src/core/unix_diag.ts: the attributes, and what they hold.
  ...inOrder("UNIX_DIAG_", ["NAME", "VFS", "PEER", "ICONS", "RQLEN", "MEMINFO", "SHUTDOWN", "UID"], 0),
  "sizeof(struct unix_diag_req)": 24,
  "offsetof(struct unix_diag_req, udiag_states)": 4,
  "offsetof(struct unix_diag_req, udiag_ino)": 8,
  "offsetof(struct unix_diag_req, udiag_show)": 12,
  "offsetof(struct unix_diag_req, udiag_cookie)": 16,
  "sizeof(struct unix_diag_msg)": 16,
  "offsetof(struct unix_diag_msg, udiag_type)": 1,
  "offsetof(struct unix_diag_msg, udiag_state)": 2,
  "offsetof(struct unix_diag_msg, udiag_ino)": 4,
  "offsetof(struct unix_diag_msg, udiag_cookie)": 8,
  "offsetof(struct unix_diag_vfs, udiag_vfs_dev)": 4,
  "offsetof(struct unix_diag_rqlen, udiag_wqueue)": 4,
  "SK_MEMINFO_SNDBUF": 3,
  "SK_MEMINFO_WMEM_ALLOC": 2,
  "__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__": 1,
  // src/core/netlink.ts
  "sizeof(struct nlmsghdr)": 16,
  "offsetof(struct nlmsghdr, nlmsg_type)": 4,
  "offsetof(struct nlmsghdr, nlmsg_flags)": 6,
  "offsetof(struct nlmsghdr, nlmsg_seq)": 8,
  "sizeof(struct nlattr)": 4,
  "offsetof(struct nlattr, nla_type)": 2,
  "NLA_TYPE_MASK & 0x3fff": 0x3fff,
  // src/core/credentials.ts, parts.ts, address.ts
  "sizeof(struct ucred)": 12,
  "offsetof(struct ucred, uid)": 4,
  "offsetof(struct ucred, gid)": 8,
  "sizeof(gid_t)": 4,
  "sizeof(struct iovec)": 16,
  "offsetof(struct iovec, iov_len)": 8,
  "sizeof(void *)": 8,
  "offsetof(struct sockaddr_un, sun_path)": 2,
  "sizeof(((struct sockaddr_un *)0)->sun_path)": 108,
  "NAME_MAX": 255,
  "NGROUPS_MAX": 65536,
  // src/limits/control_messages.ts
  "sizeof(struct cmsghdr)": 16,
  "offsetof(struct cmsghdr, cmsg_level)": 8,
  "CMSG_ALIGN(1)": 8,
  "sizeof(struct timeval)": 16,
  // src/core/memory_seals.ts, fd_description.ts
  ...Object.fromEntries(
    ["SEAL", "SHRINK", "GROW", "WRITE", "FUTURE_WRITE", "EXEC"].map((name, bit) => [`F_SEAL_${name}`, 1 << bit]),
  ),
  "AF_INET": 2,
  "AF_INET6": 10,
  "AF_VSOCK": 40,
  "SOCK_STREAM": 1,
  "SOCK_DGRAM": 2,
  "SOCK_SEQPACKET": 5,
  "O_ACCMODE": 3,
  // src/spawn/rlimits.ts, program.ts
  "sizeof(struct rlimit)": 16,
  "RLIM_INFINITY == ~0ULL": 1,
  "offsetof(Elf64_Ehdr, e_machine)": 18,
  "EM_X86_64": 62,
  "EM_AARCH64": 183,
};

/** The kernel's own, where glibc has the same in another way. */
const HEADERS = [
  ...["elf.h", "errno.h", "fcntl.h", "limits.h", "sched.h", "signal.h", "stddef.h", "stdio.h", "unistd.h"],
  ...["netinet/in.h", "netinet/tcp.h", "sys/epoll.h", "sys/mman.h", "sys/resource.h", "sys/socket.h", "sys/time.h"],
  ...["sys/uio.h", "sys/un.h", "linux/capability.h", "linux/memfd.h", "linux/netlink.h", "linux/sock_diag.h"],
  "linux/unix_diag.h",
];

/** Newer than the headers may be; the numbers are the same on all processors but for a few old ones. */
const NEW: readonly string[] = [
  ...["SO_PASSPIDFD", "SO_PEERPIDFD", "SO_PASSRIGHTS", "SO_INQ", "SO_RIGHTS_NOTRUNC", "SCM_PIDFD"],
  ...["MFD_NOEXEC_SEAL", "MFD_EXEC", "F_SEAL_EXEC", "F_SEAL_FUTURE_WRITE"],
  // Of the kernel's own alone.
  ...["SCM_TIMESTAMP", "TCP_ESTABLISHED", "TCP_CLOSE", "TCP_LISTEN", "NLMSG_OVERRUN", "UNIX_DIAG_UID"],
];

function program(): string {
  const lines = Object.keys(NUMBERS).filter((name) => !NEW.includes(name))
    .map((name) => `  printf("%s\\t%lld\\n", ${JSON.stringify(name)}, (long long)(${name}));`);
  return `#define _GNU_SOURCE
${HEADERS.map((name) => `#include <${name}>`).join("\n")}
int main(void)
{
${lines.join("\n")}
  return 0;
}
`;
}

function told(target: string, run: (path: string) => string): Numbers {
  const source = built(`numbers.${target}.c`, (output) => Deno.writeTextFileSync(output, program()));
  const path = built(
    `numbers.${target}`,
    (output) => compile(["-w", "-o", output, "-x", "c", source], compilerFor(target)),
  );
  const lines = run(path).trimEnd().split("\n").map((line) => line.split("\t"));
  return Object.fromEntries(lines.map(([name, value]) => [name, Number(value)]));
}

function expected(): Numbers {
  return Object.fromEntries(Object.entries(NUMBERS).filter(([name]) => !NEW.includes(name)));
}

claim("the numbers of the interface are the same here as in the C headers", () => {
  const decoder = new TextDecoder();
  const run = (path: string) => decoder.decode(new Deno.Command(path).outputSync().stdout);
  assert(Object.keys(NUMBERS).length > 200);
  assertEquals(told(Deno.build.arch, run), expected());
});

claim("they are the same on aarch64", () => {
  assertEquals(told(TARGET, (path) => runEmulated(path, []).out), expected());
}, { skip: withoutEmulator() });

claim("there is room for every name that the kernel reports", () => {
  assert(NAME_SIZE >= 109);
});
