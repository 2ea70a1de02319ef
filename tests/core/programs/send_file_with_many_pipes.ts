/** Has so many pipes that the kernel gives its user small ones, and tells which packets a file then becomes. */
import { native } from "../../../src/core/native.ts";
import { openPipe } from "../../../src/core/pipe.ts";
import { sendFile } from "../../../src/core/send_file.ts";
import { SharedMemory } from "../../../src/core/shared_memory.ts";
import { UnixSocket } from "../../../src/core/socket.ts";

const BYTES = 20_000;

const pipes = Array.from({ length: Number(Deno.args[0]) }, () => openPipe());
const memory = SharedMemory.create(BYTES);
const [left, right] = UnixSocket.pair("seqpacket");
const lengths = (): number[] => {
  const found: number[] = [];
  for (let message; (message = right.tryReceive());) found.push(message.length);
  return found;
};
native.ipcx_send_file(left.fd.number, memory.fd.number, 0, 0, BYTES, new Int32Array(3));
const byKernel = lengths();
await sendFile(left, memory);
console.log(JSON.stringify({ byKernel, byCall: lengths() }));
for (const { reader, writer } of pipes) {
  reader.close();
  writer.close();
}
