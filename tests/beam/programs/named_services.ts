/**
 * Listens for beams, and serves names on them: `named_services.ts ADDRESS`.
 *
 * "upper" answers in capital letters, "pid" with the number of the process;
 * "fatal" kills the process when something comes.
 *
 * @module
 */

import { BeamEndpoint, BeamListener } from "ipcx";

using listener = BeamListener.listen(Deno.args[0]);
console.error("listening");
for await (const beam of listener) {
  const endpoint = new BeamEndpoint(beam);
  endpoint.accept("upper", async (connection) => {
    for await (const { text } of connection) await connection.send(text.toUpperCase());
  });
  endpoint.accept("pid", async (connection) => await connection.send(`${Deno.pid}`));
  endpoint.accept("fatal", async (connection) => {
    await connection.receive();
    Deno.kill(Deno.pid, "SIGKILL");
  });
}
