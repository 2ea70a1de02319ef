import { assertEquals } from "@std/assert";
import { Acceptor } from "../../src/core/acceptor.ts";
import type { SystemError } from "../../src/core/errors.ts";
import type { Fd } from "../../src/core/fd.ts";
import { internetNameOf, listenTcp } from "../../src/core/internet.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, ownName } from "../claim.ts";
import { until } from "../cli/program.ts";
import { result } from "./programs/run.ts";

/** What was accepted. */
class Accepted implements Disposable {
  readonly pids: number[] = [];
  readonly failures: SystemError[] = [];
  readonly #connections: Fd[] = [];

  onConnection(connection: Fd, pid: number): void {
    this.#connections.push(connection);
    this.pids.push(pid);
  }

  onFailure(error: SystemError): void {
    this.failures.push(error);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}

claim("connections to a Unix socket are accepted with who has connected", async () => {
  const address = ownName();
  using listener = UnixListener.listen(address);
  using accepted = new Accepted();
  using _acceptor = new Acceptor(listener.fd.duplicate(), accepted);
  const clients = await Promise.all(Array.from({ length: 200 }, () => UnixSocket.connect(address)));
  await until(() => accepted.pids.length === 200, "not all are accepted");
  assertEquals(new Set(accepted.pids), new Set([Deno.pid]));
  for (const client of clients) client.close();
});

claim("connections by TCP are accepted, from nobody in particular", async () => {
  const listener = await listenTcp("127.0.0.1", 0);
  const { port } = internetNameOf(listener);
  using accepted = new Accepted();
  using _acceptor = new Acceptor(listener, accepted);
  using _client = await Deno.connect({ port });
  await until(() => accepted.pids.length === 1, "it is not accepted");
  assertEquals(accepted.pids, [0]);
});

claim("a closed one accepts nobody", async () => {
  const listener = await listenTcp("127.0.0.1", 0);
  const { port } = internetNameOf(listener);
  using accepted = new Accepted();
  const acceptor = new Acceptor(listener, accepted);
  acceptor.close();
  acceptor.close();
  const refused = await Deno.connect({ port }).then((client) => client.close(), () => "refused");
  assertEquals([refused, accepted.pids], ["refused", []]);
});

claim("at the limit of descriptors it waits, and goes on when there is room", async () => {
  const through = ["prlimit", "--nofile=64:64"];
  const told = await result<object>("accept_on_at_limit.ts", [ownName()], { through });
  assertEquals(told, { accepted: 3, failures: ["EMFILE", "EMFILE"] });
});
