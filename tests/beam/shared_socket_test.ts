import { Beam, BeamError } from "ipcx";
import { assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";

claim("senders that share a socket send whole packets of any number", async () => {
  const [sender, receiver] = Beam.pair({ type: "seqpacket" });
  using _receiver = receiver;
  using second = Beam.fromFd(sender.fd.duplicate());
  using first = sender;
  for (let number = 0; number < 100; number++) {
    await (number % 2 === 0 ? first : second).send(`message ${number}`, Array(number).fill(first.fd));
    using message = (await receiver.receive())!;
    assertEquals([message.text, message.fds.length], [`message ${number}`, number]);
  }
});

claim("the memory of one is not taken for that of another, which ends the beam", async () => {
  for (const options of [{ type: "seqpacket" }, { framed: true }] as const) {
    const [sender, receiver] = Beam.pair(options);
    using _receiver = receiver;
    using second = Beam.fromFd(sender.fd.duplicate(), options);
    using first = sender;
    for (const [beam, byte] of [[first, 1], [second, 2]] as const) {
      await beam.send(new Uint8Array(100_000).fill(byte));
      assertEquals((await receiver.receive())!.data[50_000], byte);
    }
    await first.send(new Uint8Array(100_000).fill(3));
    const error = await assertRejects(() => receiver.receive(), BeamError);
    assertEquals([error.code, receiver.isOpen], ["protocol", false]);
  }
});
