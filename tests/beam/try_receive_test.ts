import { Beam } from "ipcx";
import { assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { WIRES } from "./wires.ts";

claim("what a receiver waits for already is not taken by one who came later and would not wait", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    const awaited = [receiver.receive(), receiver.receive()];
    // With a descriptor, so that a stream without frames keeps them apart.
    for (const text of ["first", "second", "third"]) await sender.send(text, sender.fd);
    assertEquals(receiver.tryReceive(), undefined);
    for (const [at, text] of ["first", "second"].entries()) {
      using message = (await awaited[at])!;
      assertEquals(message.text, text);
    }
    using message = receiver.tryReceive()!;
    assertEquals(message.text, "third");
  }
});

claim("memory that a waiting receiver offered is not used for anybody else", async () => {
  const [sender, receiver] = Beam.pair({ framed: true, memoryThreshold: Infinity });
  using _sender = sender;
  using _receiver = receiver;
  const [offered, other] = [new Uint8Array(100_000), new Uint8Array(100_000)];
  const awaited = receiver.receive({ buffer: offered });
  await sender.send(new Uint8Array(100_000).fill(1));
  assertEquals(receiver.tryReceive(other), undefined);
  const { data } = (await awaited)!;
  assertEquals([data.buffer === offered.buffer, data[99_999], other[0]], [true, 1, 0]);
});
