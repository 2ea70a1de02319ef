import { Beam, BeamError, SystemError, UnixSocket } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { countOpen, isOpen } from "../core/open_descriptors.ts";
import { pipe, pipeWith, textOf, textsOf, write } from "./descriptors.ts";
import { BOUNDED, WIRES } from "./wires.ts";

claim("what was sent is still the sender's, who can use, send and close it", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    const [reader, writer] = pipe();
    await left.send("once", reader);
    await left.send("twice", reader);
    assert(reader.isOpen && isOpen(reader.number));
    write(writer, "text");
    writer.close();
    using once = (await right.receive())!;
    using twice = (await right.receive())!;
    reader.close();
    assertEquals([once.fds.length, textsOf(twice)], [1, ["text"]]);
  }
});

claim("it may be closed as soon as send() is done, before anybody has received it", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _right = right;
    const fd = pipeWith("still there");
    await left.send("take it", fd);
    fd.close();
    left.close();
    using message = (await right.receive())!;
    assertEquals(textsOf(message), ["still there"]);
    assertEquals(await right.receive(), null);
  }
});

claim("what was received is open until its receiver closes it, also beyond the beam", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using fd = pipeWith("mine now");
    await left.send("take it", fd);
    const message = (await right.receive())!;
    right.close();
    left.close();
    const taken = message.takeFd()!;
    message[Symbol.dispose]();
    assertEquals(textOf(taken), "mine now");
    taken.close();
  }
});

claim("a message that nobody looked at closes what came with it", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    const before = countOpen();
    await left.send("take it", left.fd);
    {
      using message = (await right.receive())!;
      assertEquals([message.fds.length, countOpen()], [1, before + 1]);
    }
    assertEquals(countOpen(), before);
  }
});

claim("what is in the socket, or was received ahead, is closed with the beam", async () => {
  for (const options of WIRES) {
    for (const readAhead of [true, false]) {
      const before = countOpen();
      const [left, right] = Beam.pair({ ...options, readAhead });
      for (let count = 0; count < 20; count++) await left.send(`message ${count}`, left.fd);
      using first = (await right.receive())!;
      assertEquals(first.text, "message 0");
      left.close();
      right.close();
      first[Symbol.dispose]();
      assertEquals(countOpen(), before);
    }
  }
});

claim("when sending fails the descriptor is still the caller's", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    right.close();
    using fd = pipeWith("kept");
    for (const data of ["x", "y".repeat(3000)]) {
      const error = await assertRejects(() => left.send(data, fd), SystemError);
      assertEquals(error.code, "EPIPE");
    }
    left.close();
    await assertRejects(() => left.send("x", fd), Error, "the beam was closed");
    assertEquals(textOf(fd), "kept");
  }
});

claim("a large payload to a peer that is gone fails, with all that was sent of it given back", async () => {
  for (const options of BOUNDED) {
    const before = countOpen();
    const [left, right] = Beam.pair(options);
    right.close();
    const error = await assertRejects(() => left.send(new Uint8Array(1_000_000), [left.fd, left.fd]), SystemError);
    assertEquals(error.code, "EPIPE");
    left.close();
    assertEquals(countOpen(), before);
  }
});

claim("what comes with a message that is no good is closed", async () => {
  for (const options of WIRES) {
    const before = countOpen();
    const [left, right] = UnixSocket.pair(options.type);
    const sender = new Beam(left, options);
    const receiver = new Beam(right, { ...options, maxBytes: 10 });
    await sender.send("more than ten bytes", sender.fd);
    const error = await assertRejects(() => receiver.receive(), BeamError);
    assertEquals(error.code, "too-large");
    sender.close();
    receiver.close();
    assertEquals(countOpen(), before);
  }
});

claim("what is neither text nor bytes in a Uint8Array is refused, not sent as an empty message", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    for (const payload of [new ArrayBuffer(3), 5, null, [1, 2]]) {
      await assertRejects(() => left.send(payload as unknown as string), TypeError, "text, or bytes");
    }
    await left.send("next");
    assertEquals((await right.receive())!.text, "next");
  }
});

claim("a receiver keeps no descriptor for the memory that large messages come through", async () => {
  const [left, right] = Beam.pair({ framed: true });
  using _left = left;
  using _right = right;
  const before = countOpen();
  const sending = left.send(new Uint8Array(1 << 20).fill(7));
  assertEquals((await right.receive())!.data[1000], 7);
  await sending;
  // The sender's own.
  assertEquals(countOpen(), before + 1);
});
