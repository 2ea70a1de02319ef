import { Beam, SystemError } from "ipcx";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { claim } from "../claim.ts";
import { record } from "./raw_frames.ts";
import { BOUNDED, halfPair } from "./wires.ts";

/** Why it cannot be tested here, or `false`. */
const NEEDS_PASSRIGHTS = refusesDescriptors() ? false : "SO_PASSRIGHTS needs Linux 6.16";

function refusesDescriptors(): boolean {
  const [socket, beam] = halfPair();
  using refusing = socket;
  using _other = beam;
  try {
    refusing.setOption("passRights", false);
    return true;
  } catch {
    return false;
  }
}

/** Begins to send a payload again and again, and gives it up where it has to wait. */
async function sendUntilFull(beam: Beam, payload: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let isFull = false; !isFull;) {
    const controller = new AbortController();
    const sent = beam.send(payload, [], { signal: controller.signal }).catch(() => isFull = true);
    // Others may have been due first.
    await new Promise((resolve) => setTimeout(resolve));
    controller.abort();
    await sent;
  }
}

for (const options of BOUNDED) {
  const name = options.type ?? "stream";

  claim(`to a receiver that takes no descriptors a large payload goes through the socket: ${name}`, async () => {
    const [socket, beam] = halfPair(options);
    using sender = beam;
    socket.setOption("passRights", false);
    using receiver = Beam.fromFd(socket.release(), options);
    for (let count = 0; count < 2; count++) {
      const payload = crypto.getRandomValues(new Uint8Array(65_536));
      const sent = sender.send(payload);
      assertEquals((await receiver.receive())!.data, payload);
      await sent;
    }
    assertEquals((await assertRejects(() => sender.send("x", sender.fd), SystemError)).code, "EPERM");
    await sender.send("small");
    assertEquals((await receiver.receive())!.text, "small");
  }, { skip: NEEDS_PASSRIGHTS });

  claim(`a message of which only the memory was announced can be given up, and ends nothing: ${name}`, async () => {
    const [receiver, beam] = halfPair({ ...options, sendBuffer: 0 });
    using _receiver = receiver;
    using sender = beam;
    await sendUntilFull(sender, new Uint8Array(100));
    // Makes room for one more, which is the announcement.
    await receiver.receive({ maxBytes: name === "stream" ? 104 : 100 });
    await sendUntilFull(sender, new Uint8Array(100_000));
    const sent = record(receiver);
    assertEquals(sent.flatMap(({ fds }) => fds).length, 1);
    for (const fd of sent.flatMap(({ fds }) => fds)) fd.close();
    await sender.send("next");
    assert(record(receiver)[0].data.length < 10);
  });
}
