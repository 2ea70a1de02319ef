import { assert, assertEquals } from "@std/assert";
import { HoldAccess, type UnixSocket } from "ipcx";
import { unreadBytes } from "../../src/core/unread.ts";
import { MAX_REQUEST_BYTES } from "../../src/hold/protocol.ts";
import { eventually } from "../broker/eventually.ts";
import { claim } from "../claim.ts";
import { loggerTo, Recorder } from "../std/recorder.ts";
import { EmbeddedHolder, say, Watched } from "./embedded_holder.ts";

/** Rules that know nobody, not even those who could stop the holder. */
function strangers(): HoldAccess {
  const rules = HoldAccess.parse([]);
  rules.knows = () => false;
  return rules;
}

const INVALID = { ok: false, error: "invalid" };

/** Sends a packet that ends the connection, and gives what is said of it. */
async function complaint(
  holder: EmbeddedHolder,
  text: string | Uint8Array<ArrayBuffer>,
  fds: Watched[] = [],
): Promise<string> {
  using socket = await holder.connect();
  const { message, ...rest } = JSON.parse(await say(socket, text, fds));
  assertEquals(rest, INVALID);
  assertEquals(await socket.receive(), null, "the connection is closed");
  return message;
}

claim("bytes that are no request are answered with what is wrong, and end the connection", async () => {
  using holder = new EmbeddedHolder();
  const large = `"${"x".repeat(MAX_REQUEST_BYTES)}"`;
  const cases: [string | Uint8Array<ArrayBuffer>, string][] = [
    ["", "a packet of 0 bytes that is no JSON in UTF-8"],
    ["garbage", "a packet of 7 bytes that is no JSON in UTF-8"],
    [new Uint8Array([0xff, 0xfe, 0x00]), "a packet of 3 bytes that is no JSON in UTF-8"],
    ['{"op":"list"', "a packet of 12 bytes that is no JSON in UTF-8"],
    ["[]", "a packet was refused: it is no object"],
    ['{"op":"open"}', "a packet was refused: op is one of store, retrieve, take, drop, list, status"],
    ['{"op":"status","x":1}', 'a packet was refused: status has no "x"'],
    [large, `a packet of ${large.length} bytes; ${MAX_REQUEST_BYTES} is the most`],
  ];
  for (const [text, message] of cases) assertEquals(await complaint(holder, text), message);
  assertEquals(holder.holder.status.refused, { invalid: cases.length });
});

claim("descriptors that nobody asked for, too many or too few, are closed", async () => {
  using holder = new EmbeddedHolder();
  const names = (count: number): string => JSON.stringify(Array.from({ length: count }, (_, at) => `n${at}`));
  const cases: [string, number, string][] = [
    ["garbage", 3, "a packet of 7 bytes that is no JSON in UTF-8"],
    ['{"op":"status"}', 1, "status takes no descriptors"],
    ['{"op":"list"}', 253, "list takes no descriptors"],
    [`{"op":"retrieve","names":${names(1)}}`, 1, "retrieve takes no descriptors"],
    [`{"op":"take","names":${names(1)}}`, 2, "take takes no descriptors"],
    [`{"op":"drop","names":${names(1)}}`, 1, "drop takes no descriptors"],
    [`{"op":"store","names":${names(1)}}`, 0, "store has 1 names and 0 descriptors"],
    [`{"op":"store","names":${names(2)}}`, 1, "store has 2 names and 1 descriptors"],
    [`{"op":"store","names":${names(2)}}`, 253, "store has 2 names and 253 descriptors"],
    [`{"op":"store","names":${names(254)}}`, 253, "a packet was refused: names has 254 names; 253 is the most"],
  ];
  for (const [text, count, message] of cases) {
    using watched = new Watched();
    assertEquals(await complaint(holder, text, Array(count).fill(watched)), message);
    await watched.isClosed();
  }
  assertEquals(holder.names, []);
});

claim("clients that hang up at any time leave nothing behind", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  await holder.client.store({ it: watched.given.fd });
  const retrieve = '{"op":"retrieve","names":["it"]}';
  for (let time = 0; time < 50; time++) {
    using socket = await holder.connect();
    if (time % 5 > 0) await socket.send(retrieve);
    if (time % 5 === 2) socket.shutdown("write");
    if (time % 5 === 3) socket.shutdown("read");
    if (time % 5 === 4) await socket.send(retrieve);
  }
  await eventually("nobody is left", () => holder.holder.status.clients === 0);
  assertEquals(holder.names, ["it"]);
  await holder.client.drop(["it"]);
  await watched.isClosed();
});

claim("who leaves a reply unread gets no other one, and keeps its place until it hangs up", async () => {
  using holder = new EmbeddedHolder({ limits: { maxClients: 8, maxClientsPerUid: 2 } });
  using watched = new Watched();
  holder.holder.hold("it", watched.given.fd.duplicate());
  const retrieve = '{"op":"retrieve","names":["it"]}';
  const greedy: UnixSocket[] = [await holder.connect(), await holder.connect()];
  for (const socket of greedy) {
    for (let time = 0; time < 20; time++) await socket.send(retrieve);
  }
  await eventually("each has one reply", () => holder.holder.status.retrieved === 2);
  // The rest of what they sent stays where it is, for as long as they do.
  for (const socket of greedy) assert(unreadBytes(socket.fd) > 0);
  using outside = await holder.connect();
  assertEquals(JSON.parse((await outside.receive())!.text).error, "busy");
  for (const socket of greedy) {
    using reply = (await socket.receive())!;
    assertEquals([reply.text, reply.fds.length], ['{"ok":true}', 1]);
    assertEquals(socket.tryReceive(), undefined);
    socket.close();
  }
  assertEquals((await holder.client.list()).length, 1);
  assertEquals(holder.holder.status.retrieved, 2);
});

claim("what came with a request that is not answered is closed", async () => {
  using holder = new EmbeddedHolder();
  using kept = new Watched(), sent = new Watched();
  holder.holder.hold("it", kept.given.fd.duplicate());
  using greedy = await holder.connect();
  await greedy.send('{"op":"retrieve","names":["it"]}');
  await greedy.send('{"op":"store","names":["more"]}', { fds: [sent.given.fd] });
  await sent.isClosed();
  assertEquals([holder.names, holder.holder.status.stored], [["it"], 0]);
});

claim("who leaves a reply unread is not let off when it takes too long", async () => {
  const recorder = new Recorder("DEBUG");
  loggerTo(recorder, "WARN", "hold");
  using holder = new EmbeddedHolder({ limits: { maxClients: 1, requestTimeout: 20 } });
  using watched = new Watched();
  holder.holder.hold("it", watched.given.fd.duplicate());
  using greedy = await holder.connect();
  await greedy.send('{"op":"retrieve","names":["it"]}');
  await eventually(
    "its time is up",
    () => recorder.records.some(({ msg }) => msg === "a client leaves a reply unread"),
  );
  using outside = await holder.connect();
  using told = await outside.receive();
  assertEquals(JSON.parse(told!.text).error, "busy");
  using reply = (await greedy.receive())!;
  assertEquals(reply.fds.length, 1);
});

claim("a descriptor of the connection itself, and of the holder's socket, can be held", async () => {
  using holder = new EmbeddedHolder();
  {
    using socket = await holder.connect();
    await socket.send('{"op":"store","names":["own"]}', { fds: [socket.fd] });
    using reply = (await socket.receive())!;
    assertEquals(reply.text, '{"ok":true}');
  }
  assertEquals((await holder.client.list()).map(({ name, type }) => [name, type]), [["own", "seqpacket"]]);
  await holder.client.drop(["own"]);
  await eventually("the connection has ended", () => holder.holder.status.clients === 0);
});

claim("whom no rule knows is refused, and what it sends along is never opened", async () => {
  using holder = new EmbeddedHolder();
  holder.holder.access = strangers();
  using watched = new Watched();
  using socket = await holder.connect();
  const reply = await say(socket, '{"op":"store","names":["it"]}', [watched]);
  const message = `uid ${Deno.uid()} may do nothing here`;
  assertEquals(JSON.parse(reply), { ok: false, error: "denied", message });
  assertEquals(await socket.receive(), null);
  await watched.isClosed();
  assertEquals(holder.names, []);
});
