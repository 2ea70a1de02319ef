import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { check, ClosedError, SystemError } from "../../src/core/errors.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";

claim("a system error tells the call, the number, its name and what it concerned", () => {
  const error = new SystemError("connect", 111, { address: "@nobody", pid: 7 });
  assertInstanceOf(error, Error);
  assertEquals(error.name, "SystemError");
  assertEquals(error.code, "ECONNREFUSED");
  assertEquals(error.errno, 111);
  assertEquals(error.syscall, "connect");
  assertEquals(error.address, "@nobody");
  assertEquals(error.pid, 7);
  assertEquals(
    error.message,
    "connect @nobody (pid 7): Connection refused (ECONNREFUSED); " +
      "nobody listens there; an abstract name counts only in its own network namespace",
  );
});

claim("a system error without context or advice is short", () => {
  const error = new SystemError("listen", 95);
  assertEquals(error.message, "listen: Operation not supported (EOPNOTSUPP)");
  assert(!("address" in error) || error.address === undefined);
  assertEquals(error.pid, undefined);
});

claim("an unknown number is told as it is", () => {
  for (const number of [4095, 99999, 2147483647]) {
    const error = new SystemError("sendmsg", number);
    assertEquals(error.code, `E${number}`);
    assertEquals(error.message, `sendmsg: unknown error (E${number})`);
  }
});

claim("each piece of advice belongs to its call and its code", () => {
  const advised: [string, number, string][] = [
    ["bind", 98, "EADDRINUSE); the name is taken"],
    ["bind", 13, "EACCES); the directory may not be written to"],
    ["bind", 2, "ENOENT); the directory does not exist"],
    ["chown", 1, "EPERM); only root may give a socket file"],
    ["connect", 111, "ECONNREFUSED); nobody listens there"],
    ["connect", 2, "ENOENT); there is no such socket"],
    ["connect", 13, "EACCES); the socket's owner and mode"],
    ["connect", 11, "EAGAIN); the listener's backlog is full"],
    ["connect", 91, "EPROTOTYPE); the listener has another socket type"],
    ["connect", 110, "ETIMEDOUT); the listener did not take the connection"],
    ["sendmsg", 109, "ETOOMANYREFS); too many descriptors"],
    ["sendmsg", 90, "EMSGSIZE); the packet is larger"],
    ["sendmsg", 1, "EPERM); the receiver refuses descriptors"],
    ["sendmsg", 32, "EPIPE); the peer has closed"],
    ["accept", 24, "EMFILE); RLIMIT_NOFILE is reached"],
    ["accept", 23, "ENFILE); the system's file limit is reached"],
    ["clone3", 12, "ENOMEM); unless memory is short, the first process of the pid namespace has ended"],
    ["clone3", 11, "EAGAIN); the limit of processes is reached"],
    ["clone3", 16, "EBUSY); the cgroup hands controllers on"],
    ["clone3", 9, "EBADF); it is no directory of cgroup v2"],
    ["setns", 1, "EPERM); it takes CAP_SYS_ADMIN in the user namespace that owns it"],
    ["setns", 22, "EINVAL); only one's own pid namespace and those below it"],
    ["ioctl", 1, "EPERM); it is another session's already"],
    ["prctl", 1, "EPERM); it takes CAP_SETPCAP"],
    ["setpriority", 13, "EACCES); a lower niceness takes CAP_SYS_NICE"],
    ["write", 13, "EACCES); going below what it was"],
    ["setrlimit", 1, "EPERM); going above the hard limit"],
    ["setgroups", 1, "EPERM); it takes CAP_SETGID"],
    ["setgroups", 22, "EINVAL); the user namespace does not have all"],
    ["setsid", 1, "EPERM); it leads a process group already"],
    ["setresuid", 1, "EPERM); it takes CAP_SETUID"],
    ["setresuid", 22, "EINVAL); the user namespace has no such user"],
    ["setresgid", 1, "EPERM); it takes CAP_SETGID"],
    ["setresgid", 22, "EINVAL); the user namespace has no such group"],
    ["ptrace", 3, "ESRCH); it ended before its first instruction"],
    ["ptrace", 110, "ETIMEDOUT); it did not get to its own first"],
    ["ptrace", 1, "EPERM); another tracer follows it"],
    ["execve", 2, "ENOENT); there is no such program"],
    ["execve", 13, "EACCES); the file is not executable"],
  ];
  for (const [syscall, errno, part] of advised) {
    const { message } = new SystemError(syscall, errno);
    assert(message.includes(part), message);
    assert(!new SystemError("getsockopt", errno).message.includes(";"));
  }
});

claim("a result of 0 or more is passed on, a negative one thrown", () => {
  assertEquals(check(0, "socket"), 0);
  assertEquals(check(2147483647, "socket"), 2147483647);
  const error = assertThrows(() => check(-9, "close", { address: "fd:9" }), SystemError);
  assertEquals([error.code, error.errno, error.syscall, error.address], ["EBADF", 9, "close", "fd:9"]);
});

claim("a failed call of a socket is such an error", async () => {
  const name = ownName();
  const error = await assertRejects(() => UnixSocket.connect(name), SystemError);
  assertEquals([error.code, error.syscall, error.address], ["ECONNREFUSED", "connect", name]);
});

claim("what was closed says so", () => {
  const error = new ClosedError("the socket was closed");
  assertEquals([error.name, error.message], ["ClosedError", "the socket was closed"]);
});
