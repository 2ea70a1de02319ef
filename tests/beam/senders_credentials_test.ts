import { Beam, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import { claim } from "../claim.ts";
import { countOpen } from "../core/open_descriptors.ts";
import { pipeWith } from "./descriptors.ts";
import { WIRES } from "./wires.ts";

/** A pair of beams whose receiver is told who sends, and their sizes. */
async function withTold(
  option: "passCredentials" | "passPidfd",
  test: (sender: Beam, receiver: Beam, sizes: number[]) => Promise<void>,
): Promise<void> {
  for (const options of WIRES) {
    const [left, right] = UnixSocket.pair(options.type);
    right.setOption(option, true);
    using sender = new Beam(left, options);
    using receiver = new Beam(right, options);
    await test(sender, receiver, options.framed || options.type ? [1, 5000, 60_000, 200_000] : [1, 4096]);
  }
}

claim("messages of every size tell who has sent them, if that is asked for", async () => {
  await withTold("passCredentials", async (sender, receiver, sizes) => {
    using along = pipeWith("along");
    for (const size of sizes) {
      for (const fds of [[], [along]]) {
        const sending = sender.send(new Uint8Array(size), fds);
        using message = (await receiver.receive())!;
        await sending;
        assertEquals([message.data.length, message.fds.length], [size, fds.length]);
        assertEquals(message.credentials, { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! });
      }
    }
  });
});

claim("pidfds that come with messages do not leak, and are not taken for descriptors of theirs", async () => {
  await withTold("passPidfd", async (sender, receiver, sizes) => {
    using along = pipeWith("along");
    for (let round = 0; round < 3; round++) {
      for (const size of sizes) {
        for (const fds of [[], [along], [along]]) {
          const sending = sender.send(new Uint8Array(size), fds);
          using message = (await receiver.receive())!;
          await sending;
          assertEquals([message.data.length, message.fds.length], [size, fds.length]);
        }
      }
    }
    const before = countOpen();
    for (let left = 10; left > 0; left--) await sender.send("several at once", along);
    (await receiver.receive())![Symbol.dispose]();
    assert(countOpen() >= before);
  });
});
