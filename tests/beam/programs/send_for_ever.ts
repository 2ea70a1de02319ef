/** Sends messages of every kind, numbered, until it is killed: `send_for_ever.ts ADDRESS stream|seqpacket`. */
import { Beam, UnixSocket } from "../../../mod.ts";

const [address, type] = Deno.args as [string, "stream" | "seqpacket"];
const beam = await Beam.connect(address, { type, framed: true, memoryBytes: 1024 * 1024 });
// Not the beam's own: as long as its peer had that, the connection would not end.
const [{ fd }] = UnixSocket.pair();
const SIZES = [5, 3000, 70_000, 1_000_000];
for (let number = 0;; number++) {
  const data = new Uint8Array(SIZES[number % SIZES.length]).fill(number);
  await beam.send(data, Array.from({ length: number % 3 }, () => fd));
}
