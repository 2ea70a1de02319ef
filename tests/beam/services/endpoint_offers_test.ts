import { assert, assertEquals, assertRejects } from "@std/assert";
import { Beam, BeamEndpoint, NoServiceError, UnixSocket } from "ipcx";
import { claim } from "../../claim.ts";
import { within } from "../../cli/program.ts";
import { ask, Ends, shout } from "./endpoint_ends.ts";
import { ErrorLog } from "./error_log.ts";

claim("offers beyond maxOffers are refused, a newer one takes the place of its namesake", async () => {
  const errors = new ErrorLog();
  using ends = new Ends({}, errors, { offers: true, maxOffers: 1 });
  ends.service.advertise("one", () => {});
  ends.service.advertise("two", () => {});
  await errors.has(1);
  assertEquals(errors.messages, ['no connection to "two": the peer has as many channels open as it may']);
  assertEquals(ends.client.offers, ["one"]);

  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far, { offers: true, maxOffers: 1 });
  using older = await beam.sendPipe("name");
  using newer = await beam.sendPipe("name");
  assertEquals(await older.receive(), null, "the older one has ended");
  using connection = await endpoint.dial("name", { as: "bytes" });
  using message = (await newer.receive())!;
  assertEquals([message.text, message.fds.length], ["name", 1]);
  assert(connection);
});

claim("an offer that nobody takes is reported to who made it", async () => {
  using ends = new Ends({});
  ends.service.advertise("unwanted", shout);
  await ends.errors.has(1);
  assertEquals(ends.errors.messages, ['no connection to "unwanted": the peer does not accept this name']);
  using connection = await ends.client.dial("unwanted");
  assertEquals(await ask(connection, "dialled all the same"), "DIALLED ALL THE SAME");
});

claim("an offer is gone when it is withdrawn, and another endpoint's end withdraws it", async () => {
  using ends = new Ends({}, {}, { offers: true });
  const name = ends.service.advertise("brief", shout);
  using connection = await ends.client.dial("brief");
  assertEquals(await ask(connection, "x"), "X");
  name.close();
  await assertRejects(() => ends.client.dial("brief"), NoServiceError);
  assertEquals(ends.client.offers, []);
  ends.service.advertise("other", shout);
  (await ends.client.dial("other")).close();
  ends.service.close();
  await ends.client.closed;
  assertEquals(ends.client.offers, []);
});

claim("an offer that comes while a name is being dialled is taken up", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using endpoint = new BeamEndpoint(far, { offers: true });
  const dialled = endpoint.dial("late", { as: "bytes" });
  using request = (await beam.receive())!;
  assertEquals(request.text, "late");
  using offer = await beam.sendPipe("late");
  using connection = await dialled;
  using pushed = (await offer.receive())!;
  using service = UnixSocket.fromFd(pushed.takeFd()!);
  await service.send("here I am");
  assertEquals((await connection.receive())?.text, "here I am");
});

claim("an offer that is there when the endpoint begins is taken up by a dial at once", async () => {
  const [near, far] = Beam.pair();
  using beam = near;
  using offer = await beam.sendPipe("early");
  using endpoint = new BeamEndpoint(far, { offers: true });
  using connection = await within(endpoint.dial("early", { as: "bytes" }), "the offer is not taken up");
  using pushed = (await offer.receive())!;
  assertEquals([connection.type, pushed.fds.length], ["stream", 1]);
});
