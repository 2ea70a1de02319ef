import { Beam, BeamError, type Message, SystemError, UnixListener } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim, ownName } from "../claim.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { header, joined } from "./raw_frames.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { BOUNDED, WIRES } from "./wires.ts";

const SENDER = new URL("./programs/send_for_ever.ts", import.meta.url).pathname;
const PATIENCE_MS = 60_000;

/** What a beam has until its end, and what that is. */
async function drain(beam: Beam, take: (message: Message) => void): Promise<string> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    try {
      using message = await beam.receive({ signal });
      if (message === null) return "end";
      take(message);
    } catch (error) {
      if (error instanceof BeamError || error instanceof SystemError) return error.code;
      throw error;
    }
  }
}

claim("a peer that is killed before it sends anything is the end", async () => {
  for (const options of WIRES) {
    const [peer, beam] = await ForeignPeer.beam(options);
    await using _peer = peer;
    using _beam = beam;
    const received = beam.receive();
    await peer.kill();
    assertEquals(await received, null);
    assertEquals(await beam.receive(), null);
    const error = await assertRejects(() => beam.send("too late"), SystemError);
    assertEquals(error.code, "EPIPE");
  }
});

claim("what a peer sent before it was killed is received, descriptors included", async () => {
  for (const options of WIRES) {
    const [peer, beam] = await ForeignPeer.beam(options);
    await using _peer = peer;
    using _beam = beam;
    const data = options.framed ? joined(header(4, true), new TextEncoder().encode("last")).toHex() : hex("last");
    for (const text of ["one", "two"]) await peer.tell("sendmsg", data, [text]);
    await peer.kill();
    for (const text of ["one", "two"]) {
      using message = (await beam.receive())!;
      assertEquals([message.text, textsOf(message)], ["last", [text]]);
    }
    assertEquals(await beam.receive(), null);
  }
});

claim("a peer that is killed within a large frame cuts it off", async () => {
  for (const bytes of [1, 4, 5, 5000, 100_000]) {
    const [peer, beam] = await ForeignPeer.beam({ framed: true });
    await using _peer = peer;
    using _beam = beam;
    const received = assertRejects(() => beam.receive(), BeamError);
    const frame = joined(header(1_000_000), new Uint8Array(Math.max(0, bytes - 4)));
    await peer.tell("send_bytes", frame.slice(0, bytes).toHex());
    await peer.kill();
    assertEquals([(await received).code, beam.isOpen], ["cut-off", false]);
  }
});

claim("a peer that is killed with something unread resets the connection, behind what it sent", async () => {
  for (const options of WIRES) {
    const [peer, beam] = await ForeignPeer.beam(options);
    await using _peer = peer;
    using _beam = beam;
    await beam.send("never read", beam.fd);
    await peer.tell("sendmsg", options.framed ? joined(header(1), [120]).toHex() : hex("x"));
    await peer.kill();
    assertEquals((await beam.receive())!.text, "x");
    const error = await assertRejects(() => beam.receive(), SystemError);
    assertEquals(error.code, "ECONNRESET");
    assertEquals(await beam.receive(), null);
    assertEquals((await assertRejects(() => beam.send("too late"), SystemError)).code, "EPIPE");
  }
});

claim("who waits for room to send to a peer that is killed is told", async () => {
  for (const options of WIRES) {
    const [peer, beam] = await ForeignPeer.beam({ ...options, memoryThreshold: 1_000_000 });
    await using _peer = peer;
    using _beam = beam;
    using along = pipeWith("a text");
    const data = "x".repeat(4000);
    const sending = assertRejects(async () => {
      for (;;) await beam.send(data, along);
    }, SystemError);
    // Something has arrived, and nothing more is taken.
    await peer.tell("recvmsg", 100);
    await peer.kill();
    assert(["EPIPE", "ECONNRESET"].includes((await sending).code));
  }
});

claim("a large message to a peer that is killed within it ends the sending", async () => {
  for (const options of BOUNDED) {
    for (const memoryThreshold of [65_536, Infinity]) {
      if (options.type === "seqpacket" && memoryThreshold === Infinity) continue;
      const [peer, beam] = await ForeignPeer.beam({ ...options, memoryThreshold, memoryBytes: 65_536 });
      await using _peer = peer;
      using _beam = beam;
      using along = pipeWith("a text");
      const sending = assertRejects(() => beam.send(new Uint8Array(8_000_000), along), SystemError);
      await peer.tell("recvmsg", 20);
      await peer.kill();
      assert(["EPIPE", "ECONNRESET"].includes((await sending).code));
      const later = await assertRejects(() => beam.send("small"), BeamError);
      assertEquals(later.code, "cut-off");
    }
  }
});

claim("a sender that is killed at any moment leaves whole messages, and perhaps a cut one behind", async () => {
  for (const type of ["stream", "seqpacket"] as const) {
    for (const killAfter of [1, 7, 40]) {
      using listener = UnixListener.listen(ownName(), { type });
      const args = ["run", "-A", "--quiet", "--no-lock", "--no-check", SENDER, `${listener.address}`, type];
      const child = new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn();
      using beam = new Beam(await listener.accept(), { framed: true });
      let number = 0;
      const outcome = await drain(beam, (message) => {
        assertEquals(message.data.length, [5, 3000, 70_000, 1_000_000][number % 4]);
        assert(message.data.every((byte) => byte === number % 256));
        assertEquals(message.fds.length, number % 3);
        if (++number === killAfter) child.kill("SIGKILL");
      });
      await child.status;
      assert(number >= killAfter);
      assert(["end", "cut-off"].includes(outcome), outcome);
    }
  }
});
