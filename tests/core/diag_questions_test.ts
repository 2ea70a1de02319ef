import { assert, assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../src/core/errors.ts";
import { NetlinkError, NLM_F, NLMSG } from "../../src/core/netlink.ts";
import { askForSockets } from "../../src/core/diag_questions.ts";
import { SHOW, TCP } from "../../src/core/unix_diag.ts";
import { claim } from "../claim.ts";
import { type Answer, attribute, done, failure, ScriptedPort, socket, u32 } from "./raw_answers.ts";

/** A listener, with so many who wait. */
function listener(inode: number, waiting: number): Answer {
  const attributes = [attribute(4, u32(waiting, 100))];
  return socket({ inode, cookie: BigInt(inode), state: TCP.LISTEN, attributes });
}

/** The same, asked for who waits: one of a list, or alone. */
function waitingAt(inode: number, clients: number[], flags: number = NLM_F.MULTI): Answer {
  return socket(
    { inode, cookie: BigInt(inode), state: TCP.LISTEN, attributes: [attribute(3, u32(...clients))] },
    flags,
  );
}

function inodes(port: ScriptedPort): number[] {
  return askForSockets(port).map(({ inode }) => inode);
}

claim("a list of several pieces is taken to its end", () => {
  const port = new ScriptedPort([[socket({ inode: 1 }), socket({ inode: 2 })], [socket({ inode: 3 })], [done()]]);
  assertEquals(inodes(port), [1, 2, 3]);
  const [{ flags, states, show }, ...others] = port.questions;
  assertEquals([flags & NLM_F.DUMP, states, others.length], [NLM_F.DUMP, 0xffffffff, 0]);
  assertEquals(show & SHOW.PENDING, 0, "a long line of those who wait would cut off the list");
});

claim("a list may end in the piece that holds its last socket, or have none at all", () => {
  assertEquals(inodes(new ScriptedPort([[socket({ inode: 1 }), done()]])), [1]);
  assertEquals(inodes(new ScriptedPort([[done()]])), []);
  assertEquals(inodes(new ScriptedPort([[done(0, new Uint8Array())]])), []);
});

claim("a socket that a changing list has twice is told once", () => {
  const twice = [socket({ inode: 1, cookie: 7n }), socket({ inode: 1, cookie: 7n }), socket({ inode: 1, cookie: 8n })];
  assertEquals(inodes(new ScriptedPort([[...twice, done()]])), [1, 1]);
});

claim("what answers another question is passed over, and so is what is no socket", () => {
  const stray: Answer = (sequence) => socket({ inode: 66 })(sequence + 1);
  const other: Answer = (sequence) => failure(5)(sequence - 1);
  const nothing: Answer = (sequence) => {
    const message = socket({ inode: 67 })(sequence);
    new DataView(message.buffer).setUint16(4, NLMSG.NOOP, true);
    return message;
  };
  assertEquals(inodes(new ScriptedPort([[stray, other, nothing, socket({ inode: 1 })], [stray], [done()]])), [1]);
});

claim("a list that changed while it was made is asked for again", () => {
  const changed = [[socket({ inode: 1 }, NLM_F.MULTI | NLM_F.DUMP_INTR)], [done(NLM_F.MULTI | NLM_F.DUMP_INTR)]];
  const port = new ScriptedPort(changed, changed, [[socket({ inode: 2 }), done()]]);
  assertEquals(inodes(port), [2]);
  assertEquals(new Set(port.questions.map(({ sequence }) => sequence)).size, 3);
});

claim("a list that changes all the time is taken as it is after five times", () => {
  const changed = [[socket({ inode: 1 }), done(NLM_F.MULTI | NLM_F.DUMP_INTR)]];
  const port = new ScriptedPort(...Array.from({ length: 9 }, () => changed));
  assertEquals(inodes(port), [1]);
  assertEquals(port.questions.length, 5);
});

claim("a kernel that cannot list Unix sockets is told as what it is", () => {
  const error = assertThrows(() => inodes(new ScriptedPort([[failure(2)]])), SystemError);
  assertEquals([error.syscall, error.code], ["sock_diag", "ENOENT"]);
  assert(error.message.includes("CONFIG_UNIX_DIAG"), error.message);
});

claim("a failure at the end of a list is one, and so is an overrun", () => {
  const late = new ScriptedPort([[socket({ inode: 1 })], [done(NLM_F.MULTI, u32(-12))]]);
  assertEquals(assertThrows(() => inodes(late), SystemError).code, "ENOMEM");
  const overrun: Answer = (sequence) => {
    const message = done()(sequence);
    new DataView(message.buffer).setUint16(4, NLMSG.OVERRUN, true);
    return message;
  };
  assertEquals(assertThrows(() => inodes(new ScriptedPort([[overrun]])), SystemError).code, "ENOBUFS");
});

claim("a list without an end, a piece without bytes and one that is cut off are failures, and nobody waits", () => {
  const open = new ScriptedPort([[socket({ inode: 1 })]]);
  assertEquals(assertThrows(() => inodes(open), SystemError).code, "EAGAIN");
  const empty = new ScriptedPort([[new Uint8Array()]]);
  assertThrows(() => inodes(empty), NetlinkError, "an answer has no bytes");
  const cut = new ScriptedPort([[(sequence) => socket({ inode: 1 })(sequence).subarray(0, 30)]]);
  assertThrows(() => inodes(cut), NetlinkError, "a message cannot have 32 bytes where 30 are left");
  const short = new ScriptedPort([[(sequence) => failure(1)(sequence).subarray(0, 18)]]);
  assertThrows(() => inodes(short), NetlinkError);
});

claim("who waits at a listener is asked for only if somebody does", () => {
  const port = new ScriptedPort([[listener(1, 0), done()]]);
  assertEquals(askForSockets(port)[0].pending, undefined);
  assertEquals(port.questions.length, 1);
});

claim("who waits is asked for in a list of listeners", () => {
  const port = new ScriptedPort([[listener(1, 2), listener(2, 0), done()]], [[
    waitingAt(1, [8, 9]),
    waitingAt(2, []),
    done(),
  ]]);
  assertEquals(askForSockets(port).map(({ pending }) => pending), [[8, 9], undefined]);
  const [, { states, show, inode }] = port.questions;
  assertEquals([states, show, inode], [1 << TCP.LISTEN, SHOW.PENDING, 0]);
});

claim("listeners that such a list has not come to are asked one by one, as long as the answer fits", () => {
  const port = new ScriptedPort(
    [[listener(1, 9000), listener(2, 1), listener(3, 1), done()]],
    [[done()]],
    [[failure(90)]],
    [[waitingAt(2, [8], 0)]],
    [[failure(2)]],
  );
  assertEquals(askForSockets(port).map(({ pending }) => pending), [undefined, [8], undefined]);
  assertEquals(port.questions.slice(2).map(({ inode, flags }) => [inode, flags & NLM_F.DUMP]), [[1, 0], [2, 0], [
    3,
    0,
  ]]);
});

claim("another failure about one listener is one of the list", () => {
  const port = new ScriptedPort([[listener(1, 1), done()]], [[done()]], [[failure(12)]]);
  assertEquals(assertThrows(() => askForSockets(port), SystemError).code, "ENOMEM");
});

claim("a listener that was closed meanwhile, and its inode taken by another, has nobody of that one's", () => {
  const other = socket({ inode: 1, cookie: 99n, state: TCP.LISTEN, attributes: [attribute(3, u32(5))] });
  const port = new ScriptedPort([[listener(1, 1), done()]], [[other, done()]], [[failure(2)]]);
  assertEquals(askForSockets(port)[0].pending, undefined);
});
