import { Beam, BeamListener, type BeamPairOptions } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import { claim, ownName } from "../claim.ts";
import { residentBytes } from "../broker/process_figures.ts";
import { countOpen } from "../core/open_descriptors.ts";
import { pipe } from "./descriptors.ts";
import { WIRES } from "./wires.ts";

const MESSAGES = 1_000_000;
/** So many fit into any socket. */
const IN_A_ROW = 200;

/** What a million messages may leave behind, beside what the collector has not looked at yet. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024;

/**
 * Makes sure that something leaves no descriptor and no memory behind. It is done
 * up to three times: where the collector has not come to look at what is left, it
 * may have the next time, and what nobody lets go of grows each time.
 */
async function assertLeavesNothing(use: () => Promise<void>): Promise<void> {
  const fds = countOpen();
  let growth = Infinity;
  for (let round = 0; round < 3 && growth >= MAX_GROWTH_BYTES; round++) {
    const bytes = residentBytes(Deno.pid);
    await use();
    assertEquals(countOpen(), fds);
    growth = residentBytes(Deno.pid) - bytes;
  }
  assert(growth < MAX_GROWTH_BYTES, `${growth} bytes more`);
}

/** Sends and receives numbered messages, every tenth with a descriptor. */
async function exchange(sender: Beam, receiver: Beam, first: number, count: number, alone: boolean): Promise<void> {
  const [reader, writer] = pipe();
  const data = new Uint8Array(16);
  const view = new DataView(data.buffer);
  for (let number = first; number < first + count;) {
    const end = Math.min(number + IN_A_ROW, first + count);
    for (let at = number; at < end; at++) {
      view.setUint32(0, at);
      await sender.send(data, alone || at % 10 === 0 ? reader : undefined);
    }
    for (; number < end; number++) {
      using message = (await receiver.receive())!;
      if (message.data.length !== 16) throw new Error(`${message.data.length} bytes`);
      const came = new DataView(message.data.buffer, message.data.byteOffset).getUint32(0);
      if (came !== number) throw new Error(`message ${came} in place of ${number}`);
      if (message.fds.length !== (alone || number % 10 === 0 ? 1 : 0)) throw new Error("other descriptors");
    }
  }
  reader.close();
  writer.close();
}

for (const options of WIRES) {
  const isBare = !options.framed && options.type !== "seqpacket";
  const name = isBare ? "without frames" : options.framed ? "in frames" : "in packets";
  const messages = isBare ? MESSAGES / 4 : MESSAGES;
  claim(`${messages} messages ${name} arrive in their order and leave nothing behind`, async () => {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    // The engine finds its size first.
    await exchange(sender, receiver, 0, messages / 10, isBare);
    await assertLeavesNothing(() => exchange(sender, receiver, 0, messages, isBare));
  });
}

claim("thousands of large messages use the same memory, and leave nothing behind", async () => {
  for (const options of WIRES.slice(1)) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    const data = new Uint8Array(1024 * 1024);
    const buffer = new Uint8Array(data.length);
    const exchange = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        data[number % data.length] = number;
        const sending = sender.send(data);
        const message = (await receiver.receive({ buffer }))!;
        await sending;
        assertEquals([message.data.length, message.data[number % data.length]], [data.length, number % 256]);
      }
    };
    await exchange(100);
    // Places are counted modulo 2³², which is passed here.
    await assertLeavesNothing(() => exchange(4100));
  }
});

claim("ten thousand beams, one after the other, leave nothing behind", async () => {
  const kinds: BeamPairOptions[] = [...WIRES, { framed: true, memoryThreshold: 1, memoryBytes: 65_536 }];
  using listener = BeamListener.listen(ownName(), { framed: true });
  const useOnce = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      const [sender, receiver] = number % 5 === 4
        ? await Promise.all([Beam.connect(listener.address, { framed: true }), listener.accept()])
        : Beam.pair(kinds[number % 5]);
      await sender.send("x", sender.fd);
      using message = (await receiver.receive())!;
      assertEquals(message.fds.length, 1);
      sender.close();
      receiver.close();
    }
  };
  await useOnce(1000);
  await assertLeavesNothing(() => useOnce(10_000));
});
