import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { AddressError, UnixAddress } from "../../src/core/address.ts";
import { ClosedError } from "../../src/core/errors.ts";
import { acquireInstance, InstanceHeldError, instanceStatus } from "../../src/instance/mod.ts";
import { claim, ownName } from "../claim.ts";
import { Process } from "../cli/program.ts";
import { isCloseOnExec } from "../core/open_descriptors.ts";
import { DENO, programs } from "./processes.ts";

claim("a lock is taken once, and again when it was closed", async () => {
  const name = ownName();
  for (let time = 0; time < 3; time++) {
    using instance = await acquireInstance(name);
    assertEquals(`${instance.address}`, name);
    const error = await assertRejects(() => acquireInstance(name), InstanceHeldError);
    assertEquals([error.address, error.holder!.pid, error.isUnexpected], [name, Deno.pid, false]);
    assert(error.message.startsWith(`${name} is held by process ${Deno.pid} (uid ${Deno.uid()}, `), error.message);
  }
  assertEquals(instanceStatus(name), undefined);
});

claim("of a hundred attempts at the same moment one takes it", async () => {
  const name = ownName();
  const attempts = await Promise.allSettled(Array.from({ length: 100 }, () => acquireInstance(name)));
  const instances = attempts.flatMap((attempt) => attempt.status === "fulfilled" ? [attempt.value] : []);
  assertEquals(instances.length, 1);
  instances[0].close();
});

claim("it can be closed twice, and both of its descriptors are closed", async () => {
  const instance = await acquireInstance(ownName());
  const { fd, companion } = instance;
  assert([fd, companion!].every(({ number }) => isCloseOnExec(number)));
  instance.close();
  instance.close();
  assertEquals([fd.isOpen, companion!.isOpen], [false, false]);
  assertThrows(() => instance.keepOnExec(), ClosedError);
});

claim("any bytes are a name, and the holder is told with the time at which it took it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 91 }), async (bytes) => {
      // Nobody else has names that begin like this.
      const own = crypto.getRandomValues(new Uint8Array(16));
      const address = UnixAddress.abstract(new Uint8Array([...own, ...bytes]));
      using instance = await acquireInstance(`${address}`);
      const { holder } = await assertRejects(() => acquireInstance(address), InstanceHeldError);
      assertEquals(holder!.pid, Deno.pid);
      // NUL, "since", NUL and 13 digits have room behind it, or have not.
      const isNoted = address.bytes.length <= 107 - 20;
      assertEquals(holder!.sinceIs, isNoted ? "taken" : "started");
      if (isNoted) assertEquals(holder!.since, instance.takenAt);
      else assert(holder!.since! <= instance.takenAt);
      assertEquals(instanceStatus(address)!.keepers.map(({ pid }) => pid), [Deno.pid]);
      instance.close();
      assertEquals(instanceStatus(address), undefined);
    }),
    { numRuns: 50 },
  );
});

claim("names that differ in a NUL at the end, or look alike, are different locks", async () => {
  const name = ownName();
  using _plain = await acquireInstance(name);
  using _nul = await acquireInstance(`${name}\\x00`);
  using _at = await acquireInstance(`${name}@`);
  using _upper = await acquireInstance(name.toUpperCase());
});

claim("a name of 107 bytes is one, a longer one is refused", async () => {
  using _instance = await acquireInstance(`${ownName()}`.padEnd(108, "x"));
  const error = await assertRejects(() => acquireInstance("@".padEnd(109, "x")), AddressError);
  assert(error.message.includes("has 108 bytes; 107 is the most"), error.message);
});

claim("what is no abstract name is refused, with the reason and what to write instead", async () => {
  const cases: [string, string][] = [
    [
      "/run/lock/backup.lock",
      "'/run/lock/backup.lock' is no lock: only an abstract name can be one, such as @backup.lock",
    ],
    ["./backup", "such as @backup"],
    ["/", "such as @name"],
    ["backup", "such as @backup"],
    ["fd:3", "such as @name"],
    ["/x/\u001b[31m", "such as @\\x1b[31m"],
    ["", "a lock needs a name, such as @name"],
    ["@", "'@' is no lock: behind the @ comes its name, 1 to 107 bytes"],
    ["@a\\q", "after a backslash"],
  ];
  for (const [name, message] of cases) {
    for (const attempt of [() => acquireInstance(name), async () => await Promise.resolve(instanceStatus(name))]) {
      const error = await assertRejects(attempt, AddressError);
      assert(error.message.includes(message), error.message);
    }
  }
  const path = await assertRejects(() => acquireInstance("/x"), AddressError);
  assert(
    path.message.endsWith(
      "a file outlives whoever made it, and can be removed or replaced while it is held; flock(1) locks files",
    ),
  );
  for (const address of [UnixAddress.path("/x"), UnixAddress.fd(3), UnixAddress.unnamed]) {
    await assertRejects(() => acquireInstance(address), AddressError, "only an abstract name can be one");
  }
});

claim("a time-out that cannot be kept is refused", async () => {
  for (const timeout of [-1, NaN, 2 ** 31]) {
    const error = await assertRejects(() => acquireInstance(ownName(), { timeout }), RangeError);
    assertEquals(error.message, `timeout is 0 to 2147483647 milliseconds, or Infinity, not ${timeout}`);
  }
});

claim("sockets of other types may have the name as well", async () => {
  const name = ownName();
  using _instance = await acquireInstance(name);
  const { UnixListener, UnixSocket } = await import("../../src/core/mod.ts");
  using _packets = UnixListener.listen(name, { type: "seqpacket" });
  using _datagrams = UnixSocket.bound(name);
  assertEquals(instanceStatus(name)!.holder!.pid, Deno.pid);
});

claim(
  "at the limit of descriptors it is told that there is none; with one left it is held without a companion",
  async () => {
    const how = { through: ["prlimit", "--nofile=100:100"] };
    const { status, out, err } = await new Process([...DENO, `${programs}/at_limit.ts`, ownName()], how).ended();
    assertEquals({ status, err }, { status: 0, err: "" });
    assertEquals(JSON.parse(out), { none: ["EMFILE", "socket"], one: "no companion", two: "companion" });
  },
);
