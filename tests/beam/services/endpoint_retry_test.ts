import { assertEquals, assertRejects } from "@std/assert";
import { Beam, BeamEndpoint, NoServiceError } from "ipcx";
import { claim } from "../../claim.ts";
import { within } from "../../cli/program.ts";
import { Ends } from "./endpoint_ends.ts";

claim("a connection that breaks is made anew on the same channel, though the beam has ended by then", async () => {
  const [near, far] = Beam.pair();
  const service = new BeamEndpoint(far);
  let count = 0;
  service.accept("flaky", async (connection) => {
    const number = ++count;
    await connection.receive();
    if (number === 3) await connection.send("the answer");
  });
  using client = new BeamEndpoint(near);
  const attempts: number[] = [];
  const answer = await client.withConnection("flaky", async (connection, attempt) => {
    attempts.push(attempt);
    near.close();
    await connection.send("the question");
    const message = await connection.receive();
    if (message === null) throw new Deno.errors.UnexpectedEof("no answer");
    return message.text;
  });
  assertEquals([answer, attempts], ["the answer", [1, 2, 3]]);
  await Promise.all([service.closed, client.closed]);
});

claim("withConnection gives up after its attempts, and at once on what is no broken connection", async () => {
  using ends = new Ends({});
  ends.service.accept("closing", () => {});
  let tries = 0;
  await assertRejects(
    () =>
      ends.client.withConnection("closing", async (connection) => {
        tries++;
        if (await connection.receive() === null) throw new Error("wrapped", { cause: new Deno.errors.UnexpectedEof() });
      }, { attempts: 3 }),
    Error,
    "wrapped",
  );
  assertEquals(tries, 3);
  await assertRejects(
    () =>
      ends.client.withConnection("closing", () => {
        tries++;
        throw new Error("of its own");
      }),
    Error,
    "of its own",
  );
  assertEquals(tries, 4);
  await assertRejects(() => ends.client.withConnection("nothing", () => tries++), NoServiceError);
  assertEquals(tries, 4);
});

claim("a signal closes the connection that withConnection uses, which ends with its reason", async () => {
  using ends = new Ends({});
  ends.service.accept("silent", async (connection) => void await connection.receive());
  const abort = new AbortController();
  const used = ends.client.withConnection("silent", async (connection) => {
    abort.abort(new Error("enough"));
    await connection.receive();
  }, { signal: abort.signal });
  await assertRejects(() => used, Error, "enough");
});

claim("a service that keeps its channel but answers no more is asked through the beam again", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far);
  const used = endpoint.withConnection("once", async (connection) => {
    const message = await connection.receive();
    if (message === null) throw new Deno.errors.UnexpectedEof();
    return message.text;
  });
  using request = (await beam.receive())!;
  using channel = Beam.fromFd(request.takeFd()!);
  (await channel.sendPipe("one")).close();
  using another = (await within(beam.receive(), "no second request"))!;
  using second = Beam.fromFd(another.takeFd()!);
  using service = await second.sendPipe("two");
  await service.send("at last");
  assertEquals(await used, "at last");
});
