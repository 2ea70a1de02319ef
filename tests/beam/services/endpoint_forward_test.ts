import { assertEquals, assertRejects } from "@std/assert";
import { Beam, BeamEndpoint, NoServiceError } from "ipcx";
import { claim, ownName } from "../../claim.ts";
import { until, within } from "../../cli/program.ts";
import { answerOf, ask } from "./endpoint_ends.ts";
import { startListening } from "./endpoint_programs.ts";
import { ErrorLog } from "./error_log.ts";

claim("a middle process passes requests on, and is out of the way: it can be killed", async () => {
  const serviceAddress = ownName(), middleAddress = ownName();
  await using service = await startListening("named_services.ts", serviceAddress);
  await using middle = await startListening("middle.ts", middleAddress, serviceAddress);
  using endpoint = new BeamEndpoint(await Beam.connect(middleAddress));
  assertEquals(await answerOf(endpoint, "pid"), `${service.child.pid}`);
  await assertRejects(() => endpoint.dial("fatal"), NoServiceError, "the peer does not accept this name");

  const answers: (string | undefined)[] = [];
  await endpoint.withConnection("upper", async (connection, attempt) => {
    answers.push(await ask(connection, "with the middle"));
    if (attempt > 1) return;
    middle.kill("SIGKILL");
    await middle.ended();
    answers.push(await ask(connection, "without the middle"));
    // The private channel leads to the service, too: another connection needs no middle.
    throw new Deno.errors.UnexpectedEof("as if it had broken");
  });
  assertEquals(answers, ["WITH THE MIDDLE", "WITHOUT THE MIDDLE", "WITH THE MIDDLE"]);
  await within(endpoint.closed, "the endpoint is not closed");
  const error = await assertRejects(() => endpoint.dial("upper"), NoServiceError);
  assertEquals(error.reason, "ended");
});

claim("offers are passed on as requests are, and only between beams that speak alike", async () => {
  const [clientSide, toClient] = Beam.pair({ framed: true });
  const [serviceSide, toService] = Beam.pair({ type: "seqpacket" });
  const [plain, otherEnd] = Beam.pair();
  using _plain = plain;
  using _otherEnd = otherEnd;
  const errors = new ErrorLog();
  using client = new BeamEndpoint(clientSide, { offers: true, ...errors });
  using middleOfClient = new BeamEndpoint(toClient, errors);
  using middleOfService = new BeamEndpoint(toService, errors);
  using service = new BeamEndpoint(serviceSide, errors);
  middleOfService.forward("offered", middleOfClient);
  service.advertise("offered", async (connection) => await connection.send("from afar"));
  await until(() => client.offers.length > 0, "the offer does not come");
  assertEquals(await answerOf(client, "offered"), "from afar");

  const mismatch = await assertRejects(() => Promise.try(() => middleOfClient.forward("x", plain)), TypeError);
  assertEquals(mismatch.message.slice(0, 28), "a channel cannot be passed o");
  assertEquals(errors.entries, []);
});

claim("a request that cannot be passed on is answered by the end of its channel", async () => {
  const [clientSide, toClient] = Beam.pair();
  const [toService, serviceSide] = Beam.pair();
  serviceSide.close();
  using _toService = toService;
  const errors = new ErrorLog();
  using client = new BeamEndpoint(clientSide);
  using middle = new BeamEndpoint(toClient, errors);
  middle.forward("lost", toService);
  const error = await assertRejects(() => client.dial("lost"), NoServiceError);
  assertEquals([error.reason, errors.entries[0].name], ["unanswered", "lost"]);
});
