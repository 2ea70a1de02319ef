import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ClosedError, SystemError } from "../../src/core/errors.ts";
import { Fd, raiseDescriptorLimit } from "../../src/core/fd.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";
import { isCloseOnExec, isOpen, targetOf } from "./open_descriptors.ts";
import { result } from "./programs/run.ts";

function openFd(): Fd {
  const [left, right] = UnixSocket.pair();
  right.close();
  return left.release();
}

claim("a descriptor is closed once, and never the one that has its number next", () => {
  const fd = openFd();
  const number = fd.number;
  fd.close();
  assert(!fd.isOpen);
  assert(!isOpen(number));
  using next = openFd();
  assertEquals(next.number, number);
  fd.close();
  fd[Symbol.dispose]();
  assert(isOpen(number));
});

claim("a closed descriptor cannot be used", () => {
  const fd = openFd();
  fd.close();
  for (const use of [() => fd.number, () => fd.release(), () => fd.duplicate()]) {
    assertThrows(use, ClosedError, "the descriptor was closed");
  }
});

claim("a descriptor that was given away is not closed and cannot be used", () => {
  const fd = openFd();
  const number = fd.release();
  fd.close();
  assert(isOpen(number));
  assert(!fd.isOpen);
  assertThrows(() => fd.number, ClosedError, "the descriptor was given away");
  assertThrows(() => fd.release(), ClosedError, "the descriptor was given away");
  new Fd(number).close();
});

claim("a descriptor is closed at the end of its block", () => {
  let number = -1;
  {
    using fd = openFd();
    number = fd.number;
    assert(isOpen(number));
  }
  assert(!isOpen(number));
});

claim("only whole numbers of 0 or more are descriptors", () => {
  for (const number of [-1, 0.5, NaN]) {
    assertThrows(() => new Fd(number), RangeError, `a descriptor is a whole number of 0 or more, not ${number}`);
  }
});

claim("closing what somebody else has closed is an error, not silence", () => {
  const fd = openFd();
  const thief = new Fd(fd.number);
  thief.close();
  const error = assertThrows(() => fd.close(), SystemError);
  assertEquals([error.code, error.syscall], ["EBADF", "close"]);
  fd.close();
});

claim("a duplicate is another number for the same file, close-on-exec", () => {
  using fd = openFd();
  using copy = fd.duplicate();
  assertNotEquals(copy.number, fd.number);
  assertEquals(targetOf(copy.number), targetOf(fd.number));
  assert(isCloseOnExec(copy.number));
  assert(copy.number >= 3);
});

claim("a descriptor that is not open cannot be inherited", () => {
  const error = assertThrows(() => Fd.inherit(1_000_000), SystemError);
  assertEquals([error.code, error.address], ["EBADF", "fd:1000000"]);
});

claim("the runtime's own descriptors cannot be inherited and stay open", () => {
  using own = openFd();
  const error = assertThrows(() => Fd.inherit(own.number), SystemError);
  assertEquals([error.code, error.address], ["EBADF", `fd:${own.number} (the runtime's own)`]);
  assert(isOpen(own.number));
});

interface Inherited {
  content: string;
  closeOnExec: boolean;
  stillOpen: boolean;
  standardInput: string;
}

claim("an inherited descriptor is taken over, its number freed, and no child gets it", async () => {
  for (const number of ["3", "7", "19"]) {
    const told = await result<Inherited>("inherit.ts", [number], {
      through: ["bash", "-c", `exec "$@" ${number}<<<hello`, "-"],
    });
    assertEquals([told.content, told.closeOnExec, told.stillOpen], ["hello\n", true, false]);
  }
});

claim("a standard stream that is taken over leaves /dev/null behind, and nobody's descriptor", async () => {
  const told = await result<Inherited>("inherit.ts", ["0"], { through: ["bash", "-c", `exec "$@" 0<<<hello`, "-"] });
  assertEquals([told.content, told.standardInput], ["hello\n", "/dev/null"]);
});

claim("the limit of descriptors is raised to the hard one", () => {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const [, hard] = /^Max open files\s+\d+\s+(\d+)/m.exec(limits)!;
  assertEquals(raiseDescriptorLimit(), Number(hard));
  assert(/^Max open files\s+(\d+)\s+\1\s/m.test(Deno.readTextFileSync("/proc/self/limits")));
});
