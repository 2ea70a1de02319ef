/**
 * Listens for beams, and passes on what is asked for and offered: `middle.ts
 * ADDRESS TARGET`. Requests for "upper" and "pid" go to the beams that listen
 * at TARGET.
 *
 * @module
 */

import { Beam, BeamEndpoint, BeamListener } from "ipcx";

using listener = BeamListener.listen(Deno.args[0]);
using target = new BeamEndpoint((signal) => Beam.connect(Deno.args[1], { signal }));
console.error("listening");
for await (const beam of listener) {
  const client = new BeamEndpoint(beam);
  for (const name of ["upper", "pid"]) client.forward(name, target);
}
