/**
 * A process that has services by name, another that uses them, and one beam
 * between the two: `deno run -A examples/beam_services.ts`. The service is
 * killed within a request and started again; its client asks again by itself.
 *
 * @module
 */

import { Beam, BeamEndpoint, BeamListener } from "ipcx";

/** Serves "upper" to messages and "time" to whoever reads bytes, until nobody can ask any more. */
async function serve(address: string): Promise<void> {
  const endpoint = new BeamEndpoint(await Beam.connect(address));
  endpoint.accept("upper", async (connection) => {
    for await (const { text } of connection) await connection.send(text.toUpperCase());
  });
  endpoint.accept("time", async (connection) => {
    await connection.send(`${new Date().toISOString()}\n`);
  }, { as: "bytes" });
  await endpoint.closed;
}

function startService(address: string): Deno.ChildProcess {
  const args = ["run", "--quiet", "--allow-all", import.meta.filename!, address];
  return new Deno.Command(Deno.execPath(), { args }).spawn();
}

/** Uses what the other process serves, whoever of the two listens. */
async function use(): Promise<void> {
  using listener = BeamListener.listen(`@beam-services-${Deno.pid}`);
  using endpoint = new BeamEndpoint((signal) => listener.accept({ signal }));
  let service = startService(`${listener.address}`);
  console.log(`1. Process ${service.pid} has services, and nobody knows where it is`);

  using time = await endpoint.dial("time", { as: "bytes" });
  console.log(`2. "time" says ${(await time.receive())!.text.trim()}`);
  const error = await endpoint.dial("lower").catch((error) => error);
  console.log(`3. ${error.message}`);

  const answer = await endpoint.withConnection("upper", async (connection, attempt) => {
    if (attempt === 1) {
      service.kill("SIGKILL");
      await service.status;
      service = startService(`${listener.address}`);
      console.log(`4. It was killed within a request; process ${service.pid} takes its place`);
    }
    await connection.send("the answer comes all the same");
    const message = await connection.receive();
    if (message === null) throw new Deno.errors.UnexpectedEof("no answer");
    return message.text;
  });
  console.log(`5. ${answer}`);

  endpoint.close();
  const { success } = await service.status;
  console.log(`6. The beam is closed, and the service has ended by itself: ${success}`);
}

const [address] = Deno.args;
await (address === undefined ? use() : serve(address));
