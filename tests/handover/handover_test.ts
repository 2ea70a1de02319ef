import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type Fd,
  Handover,
  HandoverError,
  type HandoverOptions,
  internetNameOf,
  listenTcp,
  UnixListener,
  UnixSocket,
} from "ipcx";
import { openPipe } from "../../src/core/pipe.ts";
import { claim, OwnDirectory, ownName } from "../claim.ts";

/** The first version, which is ready. */
async function first(address: string, options: HandoverOptions = {}): Promise<Handover> {
  const handover = await Handover.begin(address, options);
  await handover.ready();
  return handover;
}

async function refusal(attempt: () => Promise<unknown>): Promise<[string, string]> {
  const error = await assertRejects(attempt, HandoverError) as HandoverError;
  return [error.reason, error.message];
}

/** Which open file a descriptor stands for. */
function identity(fd: Fd): string {
  return Deno.readLinkSync(`/proc/self/fd/${fd.number}`);
}

claim("the first version makes its listener, the next one gets the same", async () => {
  const address = ownName();
  using one = await Handover.begin(address);
  assertEquals([one.predecessor, one.state, one.inherited], [undefined, undefined, []]);
  using listener = await one.listen("http", () => listenTcp("127.0.0.1", 0));
  await one.ready();

  using two = await Handover.begin(address);
  assertEquals([two.predecessor?.pid, two.predecessor?.uid], [Deno.pid, Deno.uid()]);
  assertEquals(two.inherited, ["http"]);
  using same = await two.listen("http", () => Promise.reject(new Error("it is made a second time")));
  assertEquals(identity(same), identity(listener));
  assertEquals(internetNameOf(same), internetNameOf(listener));
  await two.ready();
  const successor = await one.replaced;
  assertEquals([successor?.pid, successor?.uid], [Deno.pid, Deno.uid()]);
});

claim(
  "versions follow each other at a path as well; the file is there all the time, and goes with the last",
  async () => {
    using directory = new OwnDirectory();
    const address = directory.file("meet");
    const inodes = new Set<number | null>();
    let last = await first(address, { mode: 0o660 });
    for (let version = 0; version < 5; version++) {
      const info = Deno.lstatSync(address);
      assertEquals(info.mode! & 0o777, 0o660);
      inodes.add(info.ino);
      const next = await first(address);
      assertEquals((await last.replaced)?.pid, Deno.pid);
      // What was replaced has nothing left to remove.
      last.close();
      last = next;
    }
    assertEquals(inodes.size, 1);
    last.close();
    assertEquals([...Deno.readDirSync(directory.path)], []);
    assertEquals(await last.replaced, undefined);
  },
);

claim("if the old version ends while the new one gets ready, that one takes its place and its file", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("meet");
  const old = await first(address);
  const next = await Handover.begin(address);
  old.close();
  assertEquals(await old.replaced, undefined);
  assert(Deno.lstatSync(address).isSocket);
  await next.ready();
  using another = await first(address);
  assertEquals((await next.replaced)?.pid, Deno.pid);
  another.close();
  assertEquals([...Deno.readDirSync(directory.path)], []);
});

claim("a new version that gives up leaves all to the old one, its file as well", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("meet");
  using old = await first(address);
  {
    using candidate = await Handover.begin(address);
    assertEquals(candidate.predecessor?.pid, Deno.pid);
  }
  using next = await first(address);
  assertEquals((await old.replaced)?.pid, Deno.pid);
  assertEquals(next.predecessor?.pid, Deno.pid);
});

claim("a file that somebody else has put there is not removed", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("meet");
  using one = await first(address);
  using two = await first(address);
  await one.replaced;
  Deno.removeSync(address);
  using other = UnixListener.listen(address);
  two.close();
  assert(Deno.lstatSync(address).isSocket);
  (await UnixSocket.connect(other.address)).close();
});

claim("a file that was left over by a version that was killed is replaced", async () => {
  using directory = new OwnDirectory();
  const address = directory.file("meet");
  UnixListener.listen(address, { type: "seqpacket" }).release().close();
  using handover = await first(address);
  assertEquals(handover.predecessor, undefined);
});

claim("what is at the address and no version of the server is an error", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("file"), "");
  await assertRejects(() => Handover.begin(directory.file("file")), Error, "a file that is no socket");
  using _stream = UnixListener.listen(directory.file("stream"));
  await assertRejects(() => Handover.begin(directory.file("stream")), Error, "EPROTOTYPE");
  await assertRejects(() => Handover.begin(directory.file("none/at/all")), Error, "ENOENT");
  for (const address of ["fd:3", "nonsense"]) await assertRejects(() => Handover.begin(address), Error, address);
});

claim("state is bytes, or anything that JSON can say, of any size", async () => {
  const states: unknown[] = [
    { sessions: [1, "zwei", null], nested: { yes: true } },
    "text",
    0,
    null,
    new Uint8Array([0, 255, 1]),
    new Uint8Array(0),
    new Uint8Array(1_000_000).fill(7),
    "x".repeat(1_000_000),
    undefined,
  ];
  for (const state of states) {
    const address = ownName();
    using _one = await first(address, { state: () => state });
    using two = await Handover.begin(address);
    assertEquals(two.state, state);
  }
});

claim("state may be computed while the next version waits, and is asked for each time", async () => {
  const address = ownName();
  let asked = 0;
  using _one = await first(address, { state: () => Promise.resolve(++asked) });
  (await Handover.begin(address)).close();
  using two = await Handover.begin(address);
  assertEquals(two.state, 2);
});

claim("state that is too large, or cannot be written down, is an error, and the old version serves on", async () => {
  const address = ownName();
  const failures: string[] = [];
  let state: unknown = "12345678";
  const onFailure = (error: HandoverError): void => void failures.push(error.reason);
  using _one = await first(address, { state: () => state, onFailure });
  const tooLarge = await refusal(() => Handover.begin(address, { maxStateBytes: 9 }));
  assertEquals(tooLarge, ["protocol", "the state has 10 bytes; 9 is the most"]);
  using two = await Handover.begin(address, { maxStateBytes: 10 });
  two.close();

  state = () => {};
  const unwritable = await refusal(() => Handover.begin(address));
  assertEquals(unwritable[0], "failed");
  assert(unwritable[1].includes("state of type function cannot be written as JSON"), unwritable[1]);
  assertEquals(failures, ["ended", "ended", "failed"]);
});

claim("any descriptor can be passed on, and is passed on again only if that is asked for", async () => {
  const address = ownName();
  const { reader, writer } = openPipe();
  using one = await first(address);
  one.pass("reader", reader);
  one.pass("writer", writer);
  const ends = [identity(reader), identity(writer)];
  reader.close();
  writer.close();

  using two = await Handover.begin(address);
  assertEquals(two.inherited, ["reader", "writer"]);
  using taken = two.take("reader")!;
  assertEquals(identity(taken), ends[0]);
  assertEquals([two.take("reader"), two.take("nothing")], [undefined, undefined]);
  two.pass("again", taken);
  await two.ready();
  // Nobody took the other end: it is closed, by both.
  assertEquals(two.inherited, []);
  assertEquals(two.take("writer"), undefined);
  await one.replaced;

  using three = await Handover.begin(address);
  assertEquals(three.inherited, ["again"]);
  assertEquals(two.withhold("again"), true);
  assertEquals(two.withhold("again"), false);
  using four = (three.close(), await Handover.begin(address));
  assertEquals(four.inherited, []);
});

claim("a listener at a path goes from one version to the next with its file", async () => {
  using directory = new OwnDirectory();
  const [address, path] = [ownName(), directory.file("service")];
  using one = await Handover.begin(address);
  using old = UnixListener.fromFd(await one.listen("service", () => UnixListener.listen(path, { mode: 0o666 })));
  await one.ready();
  using two = await Handover.begin(address);
  using next = UnixListener.fromFd(await two.listen("service", () => UnixListener.listen(path)));
  await two.ready();
  await one.replaced;
  // Who waits when the old one goes is served by the next.
  using client = await UnixSocket.connect(path);
  old.close();
  using served = await next.accept();
  await served.send("hello");
  assertEquals((await client.receive())!.text, "hello");
});

claim("more descriptors than fit into one message are passed", async () => {
  const address = ownName();
  using one = await first(address);
  const { reader, writer } = openPipe();
  const names = Array.from({ length: 300 }, (_, at) => `${at} ${"\u0001".repeat(250)}`);
  for (const name of names) one.pass(name, writer);
  writer.close();
  using two = await Handover.begin(address);
  assertEquals(two.inherited, names);
  await two.ready();
  await one.replaced;
  // All were closed, as nobody wanted them: the pipe has ended.
  using end = await Deno.open(`/proc/self/fd/${reader.number}`);
  assertEquals(await end.read(new Uint8Array(1)), null);
  reader.close();
});

claim("a name is one descriptor's, and has 1 to 255 characters", async () => {
  using handover = await Handover.begin(ownName());
  using listener = await handover.listen("http", () => listenTcp("127.0.0.1", 0));
  const make = () => listenTcp("127.0.0.1", 0);
  await assertRejects(() => handover.listen("http", make), TypeError, "there is a descriptor 'http' already");
  assertThrows(() => handover.pass("http", listener), TypeError, "there is a descriptor 'http' already");
  const made = Promise.withResolvers<Fd>();
  const making = handover.listen("slow", () => made.promise);
  await assertRejects(() => handover.listen("slow", make), TypeError, "a listener 'slow' is being made already");
  assertThrows(() => handover.pass("slow", listener), TypeError, "a listener 'slow' is being made already");
  made.resolve(await make());
  (await making).close();
  for (const name of ["", "x".repeat(256)]) {
    assertThrows(() => handover.pass(name, listener), RangeError, "1 to 255 characters");
    await assertRejects(() => handover.listen(name, make), RangeError, "1 to 255 characters");
  }
  // What could not be made can be made later.
  await assertRejects(() => handover.listen("late", () => Promise.reject(new Error("not now"))), Error, "not now");
  (await handover.listen("late", make)).close();
});

claim("what was replaced or closed passes on nothing more", async () => {
  const address = ownName();
  using one = await first(address);
  using _two = await first(address);
  await one.replaced;
  using listener = await listenTcp("127.0.0.1", 0);
  const closed = await first(ownName());
  closed.close();
  for (const [handover, phase] of [[one, "replaced"], [closed, "closed"]] as const) {
    assertThrows(() => handover.pass("a", listener), TypeError, `the handover was ${phase}`);
    const make = () => listenTcp("127.0.0.1", 0);
    await assertRejects(() => handover.listen("a", make), TypeError, `the handover was ${phase}`);
    await assertRejects(() => handover.ready(), TypeError, `when the handover was ${phase}`);
  }
});

claim("a listener that is made while the handover is closed is closed as well", async () => {
  const handover = await Handover.begin(ownName());
  const listener = await listenTcp("127.0.0.1", 0);
  const making = Promise.withResolvers<Fd>();
  const listening = handover.listen("http", () => making.promise);
  handover.close();
  making.resolve(listener);
  await assertRejects(() => listening, TypeError, "the handover was closed");
  assert(!listener.isOpen);
});

claim("ready can be said once", async () => {
  using handover = await first(ownName());
  await assertRejects(() => handover.ready(), TypeError, "ready was called when the handover was serving");
});
