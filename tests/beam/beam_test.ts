import { Beam, BeamListener, ClosedError } from "ipcx";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { isOpen } from "../core/open_descriptors.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { BOUNDED, WIRES } from "./wires.ts";

claim("text and bytes arrive, with descriptors and without, in both directions", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    for (const [from, to] of [[left, right], [right, left]]) {
      using along = pipeWith("along");
      await from.send("grüße 🚀", along);
      await from.send(new Uint8Array([0, 255, 128]), []);
      using text = (await to.receive())!;
      assertEquals([text.text, textsOf(text)], ["grüße 🚀", ["along"]]);
      using bytes = (await to.receive())!;
      assertEquals([bytes.data.toHex(), bytes.fds.length], ["00ff80", 0]);
    }
    left.close();
    right.close();
  }
});

claim("empty messages arrive in frames and packets, with descriptors and without", async () => {
  for (const options of BOUNDED) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    using along = pipeWith("along");
    await left.send("");
    await left.send("", along);
    await left.send(new Uint8Array(), [along, along]);
    left.end();
    for (const count of [0, 1, 2]) {
      using message = (await right.receive())!;
      assertEquals([message.data.length, message.fds.length], [0, count]);
    }
    assertEquals(await right.receive(), null);
  }
});

claim("end() ends one direction; the other goes on", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    await left.send("last");
    left.end();
    assertEquals((await right.receive())!.text, "last");
    assertEquals([await right.receive(), await right.receive(), right.tryReceive()], [null, null, null]);
    const error = await assertRejects(() => left.send("more"));
    assertEquals((error as { code?: string }).code, "EPIPE");
    await right.send("answer");
    assertEquals((await left.receive())!.text, "answer");
  }
});

claim("iteration gives message after message, and ends with the connection or with close()", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using along = pipeWith("along");
    for (let number = 0; number < 5; number++) await left.send(`${number}`, along);
    left.end();
    const seen = [];
    for await (const message of right) {
      using _rest = message;
      seen.push(message.text);
    }
    assertEquals(seen, ["0", "1", "2", "3", "4"]);

    await right.send("first", along);
    for await (const message of left) {
      message[Symbol.dispose]();
      left.close();
    }
    for await (const _message of left) throw new Error("a message from a closed beam");
    right.close();
  }
});

claim("iteration can be broken off and taken up again without losing a message", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    using along = pipeWith("along");
    for (const word of ["one", "two", "three"]) await left.send(word, along);
    for (const word of ["one", "two", "three"]) {
      for await (const message of right) {
        message[Symbol.dispose]();
        assertEquals(message.text, word);
        break;
      }
    }
  }
});

claim("a closed beam does nothing any more, and closing it again is nothing", async () => {
  for (const options of WIRES) {
    let number: number;
    const [left, right] = Beam.pair(options);
    {
      using beam = left;
      number = beam.fd.number;
      assert(beam.isOpen);
    }
    assert(!left.isOpen && !isOpen(number));
    left.close();
    await assertRejects(() => left.send("x"), ClosedError, "the beam was closed");
    await assertRejects(() => left.receive(), ClosedError, "the beam was closed");
    for (const use of [() => left.tryReceive(), () => left.end(), () => left.release()]) {
      assertThrows(use, ClosedError, "the beam was closed");
    }
    assertEquals(await right.receive(), null);
    right.close();
  }
});

claim("a connection is not given away within a message", async () => {
  const [left, right] = Beam.pair({ framed: true, memoryThreshold: Infinity });
  using _left = left;
  using _right = right;
  const sent = left.send(new Uint8Array(5_000_000));
  assertThrows(() => left.release(), TypeError, "a message is sent in part");
  assertEquals((await right.receive())!.data.length, 5_000_000);
  await sent;
  left.release().close();
  assertEquals(await right.receive(), null);
});

claim("release() gives the connection away, unless messages were received ahead", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using along = pipeWith("along");
    for (const word of ["one", "two", "three"]) await left.send(word, along);
    (await right.receive())![Symbol.dispose]();
    assertThrows(() => right.release(), TypeError, "messages were received ahead");
    (await right.receive())![Symbol.dispose]();
    (await right.receive())![Symbol.dispose]();
    using again = Beam.fromFd(right.release(), options);
    assert(!right.isOpen);
    await left.send("four");
    assertEquals((await again.receive())!.text, "four");
    right.close();
    await left.send("five");
    assertEquals((await again.receive())!.text, "five");
  }
});

claim("without reading ahead a connection can be handed on between any two messages", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair({ ...options, readAhead: false });
    using _left = left;
    using along = pipeWith("along");
    for (let number = 0; number < 20; number++) await left.send(`${number}`, along);
    let beam = right;
    for (let number = 0; number < 20; number++) {
      using message = (await beam.receive())!;
      assertEquals([message.text, message.fds.length], [`${number}`, 1]);
      beam = Beam.fromFd(beam.release(), { ...options, readAhead: false });
    }
    beam.close();
  }
});

claim("a connection whose large messages come through memory stays where that is known", async () => {
  for (const options of BOUNDED) {
    for (const [memoryThreshold, goes] of [[65_536, false], [200_000, true]] as const) {
      const [left, right] = Beam.pair({ ...options, memoryThreshold });
      using _left = left;
      using _right = right;
      await Promise.all([left.send(new Uint8Array(100_000)), right.receive()]);
      if (!goes) assertThrows(() => right.release(), TypeError, "memory that their new owner would not know");
      using again = goes ? Beam.fromFd(right.release(), options) : right;
      const [, message] = await Promise.all([left.send(new Uint8Array(100_000)), again.receive()]);
      assertEquals(message!.data.length, 100_000);
    }
  }
});

claim("release() ends the waits on the beam", async () => {
  const [left, right] = Beam.pair();
  using _right = right;
  const waiting = left.receive();
  using _fd = left.release();
  await assertRejects(() => waiting, ClosedError);
});

claim("listeners accept beams of every kind, by path and by abstract name", async () => {
  using directory = new OwnDirectory();
  for (const options of WIRES) {
    for (const address of [ownName(), directory.file("socket")]) {
      using listener = BeamListener.listen(address, options);
      using client = await Beam.connect(listener.address, options);
      using server = await listener.accept();
      assertEquals([client.settings, server.type], [server.settings, client.type]);
      await client.send("hello", client.fd);
      using message = (await server.receive())!;
      assertEquals([message.text, message.fds.length], ["hello", 1]);
      assertEquals(server.peerCredentials.pid, Deno.pid);
    }
  }
});
