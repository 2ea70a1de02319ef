import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "../../src/core/join.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim } from "../claim.ts";

const CHUNK = 65536;

/** Collects what is written. */
function collector(): { output: WritableStream<Uint8Array>; text: () => string; bytes: () => Uint8Array } {
  const chunks: Uint8Array[] = [];
  const bytes = (): Uint8Array => {
    const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  };
  return {
    output: new WritableStream({ write: (chunk) => void chunks.push(chunk) }),
    text: () => new TextDecoder().decode(bytes()),
    bytes,
  };
}

function input(...texts: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(texts.map((text) => new TextEncoder().encode(text)));
}

/** Input that never comes, and tells when it is no longer wanted. */
function silence(): { input: ReadableStream<Uint8Array>; cancelled: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { input: new ReadableStream({ cancel: () => resolve() }), cancelled: promise };
}

function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, at) => (at * 31 + (at >> 8) * 7 + seed) & 0xff);
}

claim("both ways are copied to their end", async () => {
  const [left, right] = UnixSocket.pair();
  const here = collector(), there = collector();
  await Promise.all([
    join(left, { input: input("from ", "here"), output: here.output }),
    join(right, { input: input("from there"), output: there.output }),
  ]);
  assertEquals([here.text(), there.text()], ["from there", "from here"]);
  assert(!left.fd.isOpen && !right.fd.isOpen);
});

claim("the end of the input is passed on, and the answer still comes", async () => {
  const [left, right] = UnixSocket.pair();
  const { output, text } = collector();
  const joined = join(left, { input: input("question"), output });
  assertEquals((await right.receive())!.text, "question");
  assertEquals(await right.receive(), null);
  await right.send("answer");
  right.close();
  await joined;
  assertEquals(text(), "answer");
});

claim("the end of what the peer sends leaves the input open", async () => {
  const [left, right] = UnixSocket.pair();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const { output, text } = collector();
  const joined = join(left, { input: readable, output });
  await right.send("all I have");
  right.shutdown("write");
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("still sending"));
  assertEquals((await right.receive())!.text, "still sending");
  await writer.close();
  assertEquals(await right.receive(), null);
  await joined;
  assertEquals(text(), "all I have");
  right.close();
});

claim("without input the peer is told at once that nothing comes", async () => {
  const [left, right] = UnixSocket.pair();
  const { output, text } = collector();
  const joined = join(left, { output });
  assertEquals(await right.receive(), null);
  await right.send("only output");
  right.close();
  await joined;
  assertEquals(text(), "only output");
});

claim("20 MB each way arrive intact", async () => {
  const [left, right] = UnixSocket.pair();
  const sent = [pattern(20_000_000, 1), pattern(20_000_000, 2)];
  const chunked = (bytes: Uint8Array): ReadableStream<Uint8Array> => {
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(at, at += CHUNK));
      },
    });
  };
  const here = collector(), there = collector();
  await Promise.all([
    join(left, { input: chunked(sent[0]), output: here.output }),
    join(right, { input: chunked(sent[1]), output: there.output }),
  ]);
  for (const [got, wanted] of [[here.bytes(), sent[1]], [there.bytes(), sent[0]]]) {
    assertEquals(got.length, wanted.length);
    assertEquals(Deno.inspect(got.findIndex((byte, at) => byte !== wanted[at])), "-1");
  }
});

claim("a peer that closes ends the input, and all that it sent is put out", async () => {
  for (const unread of [false, true]) {
    const [left, right] = UnixSocket.pair();
    const { output, bytes } = collector();
    const { input: quiet, cancelled } = silence();
    const sending = unread ? input("never read") : undefined;
    const joined = join(left, { input: sending ?? quiet, output });
    await right.send(pattern(100_000, 3));
    right.close();
    await joined;
    if (!unread) await cancelled;
    assertEquals(bytes().length, 100_000);
  }
});

claim("a peer that takes nothing more ends an input that has no end", async () => {
  const [left, right] = UnixSocket.pair();
  const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(CHUNK)) });
  const joined = join(left, { input: endless, output: collector().output });
  await right.receive();
  right.close();
  await joined;
});

claim("the end of what the peer sends ends the input too if that is asked for", async () => {
  const [left, right] = UnixSocket.pair();
  const { output, text } = collector();
  const { input, cancelled } = silence();
  const joined = join(left, { input, output, endsWithPeer: true });
  await right.send("bye");
  right.shutdown("write");
  await joined;
  await cancelled;
  assertEquals(text(), "bye");
  assertEquals(await right.receive(), null);
  right.close();
});

claim("a failing output or input ends it with that failure, and closes the connection", async () => {
  const failure = new Error("the disk is full");
  const fails: { input?: ReadableStream<Uint8Array>; output: WritableStream<Uint8Array> }[] = [
    { input: silence().input, output: new WritableStream({ write: () => Promise.reject(failure) }) },
    { input: new ReadableStream({ start: (controller) => controller.error(failure) }), output: collector().output },
  ];
  for (const options of fails) {
    const [left, right] = UnixSocket.pair();
    await right.send("x");
    assertStrictEquals(await assertRejects(() => join(left, options)), failure);
    assert(!left.fd.isOpen);
    right.close();
  }
});
