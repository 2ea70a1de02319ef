import { Beam, ClosedError } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { ForeignPeer } from "./foreign_peer.ts";
import { pipeWith } from "./descriptors.ts";
import { WIRES } from "./wires.ts";

/** Whether a promise is still pending after all that can happen has happened. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.finally(() => pending = false).catch(() => {});
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
  return pending;
}

claim("hangup() is told when the peer closes, and what it sent can still be received", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using beam = left;
    using along = pipeWith("along");
    const gone = beam.hangup();
    await right.send("last", along);
    assert(await isPending(gone));
    right.close();
    await gone;
    using message = (await beam.receive())!;
    assertEquals([message.text, message.fds.length], ["last", 1]);
    assertEquals(await beam.receive(), null);
    await beam.hangup();
  }
});

claim("it is told when the peer is killed", async () => {
  for (const options of WIRES) {
    const [peer, beam] = await ForeignPeer.beam(options);
    await using _peer = peer;
    using _beam = beam;
    const gone = beam.hangup();
    await peer.kill();
    await gone;
  }
});

claim("it is not told when only one direction has ended, but when both have", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using beam = left;
    using peer = right;
    const gone = beam.hangup();
    peer.end();
    assertEquals(await beam.receive(), null);
    assert(await isPending(gone));
    beam.end();
    await gone;
  }
});

claim("close() and a signal end the wait for it", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _right = right;
    const controller = new AbortController();
    const reason = new Error("enough");
    const given = assertRejects(() => left.hangup({ signal: controller.signal }));
    controller.abort(reason);
    assert(await given === reason);
    const ended = assertRejects(() => left.hangup(), ClosedError);
    left.close();
    await ended;
    await assertRejects(() => left.hangup(), ClosedError);
  }
});
