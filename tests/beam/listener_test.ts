import { Beam, BeamListener, ClosedError, SystemError } from "ipcx";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { WIRES } from "./wires.ts";

claim("iteration accepts beam after beam that speak as the listener was told, until it is closed", async () => {
  for (const options of WIRES) {
    const listener = BeamListener.listen(ownName(), { ...options, maxBytes: 100 });
    const clients = await Promise.all([1, 2, 3].map(() => Beam.connect(listener.address, options)));
    const accepted: Beam[] = [];
    for await (const beam of listener) {
      assertEquals([beam.settings.maxBytes, beam.settings.framed], [100, clients[0].settings.framed]);
      if (accepted.push(beam) === 3) listener.close();
    }
    for (const [at, client] of clients.entries()) {
      await client.send(`client ${at}`);
      assertEquals((await accepted[at].receive())!.text, `client ${at}`);
    }
    for (const beam of [...clients, ...accepted]) beam.close();
  }
});

claim("accept() ends with a signal, and with close()", async () => {
  using listener = BeamListener.listen(ownName());
  const controller = new AbortController();
  const reason = new Error("enough");
  const given = assertRejects(() => listener.accept({ signal: controller.signal }));
  controller.abort(reason);
  assert(await given === reason);
  const ended = assertRejects(() => listener.accept(), ClosedError);
  listener.close();
  await ended;
});

claim("a wrong option leaves no listener and no file behind, and a taken name is told", () => {
  using directory = new OwnDirectory();
  const path = directory.file("socket");
  assertThrows(() => BeamListener.listen(path, { maxBytes: 0 }), RangeError);
  assertThrows(() => BeamListener.listen(path, { type: "dgram" as "stream" }), TypeError);
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  using _listener = BeamListener.listen(path);
  assertEquals(assertThrows(() => BeamListener.listen(path), SystemError).code, "EADDRINUSE");
});

claim("a listener removes its file when it is closed, and what it has accepted goes on", async () => {
  using directory = new OwnDirectory();
  const path = directory.file("socket");
  const listener = BeamListener.listen(path);
  using client = await Beam.connect(path);
  using server = await listener.accept();
  listener.close();
  assertEquals(Array.from(Deno.readDirSync(directory.path)), []);
  await client.send("still here");
  assertEquals((await server.receive())!.text, "still here");
  assertEquals((await assertRejects(() => Beam.connect(path), SystemError)).code, "ENOENT");
});

claim("who connects and does not speak in frames is told from who does", async () => {
  using listener = BeamListener.listen(ownName(), { framed: true });
  using client = await Beam.connect(listener.address);
  using server = await listener.accept();
  await client.send("text instead of a header", client.fd);
  const error = await assertRejects(() => server.receive());
  assert(["protocol", "too-large"].includes((error as { code?: string }).code!), `${error}`);
});
