import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { Holding } from "./holding.ts";
import { type Process, type ProcessOptions, startIpcx, until } from "./program.ts";

const SERVER = new URL("../hold/programs/server.py", import.meta.url).pathname;

/** Clients at once, half of them over TCP and half over a Unix socket. */
const CLIENTS = 8;

/** How many answers of a version are waited for before the next one comes. */
const ANSWERS = 100;

/** Clients that connect again and again, each with a question, and count what comes of it. */
class Load implements AsyncDisposable {
  /** How many were answered, by the version that did. */
  readonly answered = new Map<string, number>();
  /** How many could not connect. */
  readonly refused: string[] = [];
  /** How many were connected and not answered. */
  readonly broken: string[] = [];
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(addresses: readonly (Deno.ConnectOptions | Deno.UnixConnectOptions)[]) {
    this.#clients = Array.from(
      { length: CLIENTS },
      (_, at) => this.#run(`client ${at}`, addresses[at % addresses.length]),
    );
  }

  async #run(name: string, address: Deno.ConnectOptions | Deno.UnixConnectOptions): Promise<void> {
    for (let time = 0; !this.#isOver; time++) {
      let connection: Deno.Conn;
      try {
        connection = await Deno.connect(address as Deno.ConnectOptions);
      } catch (error) {
        this.refused.push(`${error}`);
        continue;
      }
      await this.#ask(connection, `${name}, question ${time}`);
    }
  }

  async #ask(connection: Deno.Conn, question: string): Promise<void> {
    try {
      await connection.write(new TextEncoder().encode(`${question}\n`));
      const answer = await new Response(connection.readable).text();
      const version = answer.slice(0, answer.indexOf(" "));
      if (answer !== `${version} ${question}\n`) throw new Error(`'${answer}' instead of an answer`);
      this.answered.set(version, (this.answered.get(version) ?? 0) + 1);
    } catch (error) {
      this.broken.push(`${error}`);
      try {
        connection.close();
      } catch {
        // Reading to its end, or failing to, has closed it.
      }
    }
  }

  /** Waits until a version has answered often. */
  async isAnsweredBy(version: string): Promise<void> {
    await until(() => (this.answered.get(version) ?? 0) >= ANSWERS, `version ${version} does not answer`);
  }

  /** Ends it when every question was answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }
}

function startServer(version: string, directory: OwnDirectory, options: ProcessOptions): Process {
  return startIpcx(["hold", "run", "web", "local", "--", "python3", SERVER, version], {
    cwd: directory.path,
    ...options,
  });
}

/** Runs versions one after another under load, each replaced by `replace`, and gives what came of it. */
async function restart(
  versions: number,
  replace: (server: Process, startNext: () => Process, load: Load, next: string) => Promise<Process>,
): Promise<Load> {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, [
    ...["--listen", "web=tcp:127.0.0.1:0"],
    ...["--listen", "local=unix:./local"],
  ]);
  const { web } = await holding.held();
  const port = Number((web.address as string).split(":")[1]);
  const { env } = holding;
  let server = startServer("1", directory, { env });
  await using servers = new AsyncDisposableStack();
  servers.use(server);
  const load = new Load([{ hostname: "127.0.0.1", port }, { transport: "unix", path: directory.file("local") }]);
  {
    await using _load = load;
    await load.isAnsweredBy("1");
    for (let version = 2; version <= versions; version++) {
      const next = `${version}`;
      server = await replace(server, () => servers.use(startServer(next, directory, { env })), load, next);
      await load.isAnsweredBy(next);
    }
  }
  assertEquals((await server.stop()).status, 0);
  const byVersion = Array.from(load.answered, ([version, count]) => `${count} by ${version}`).join(", ");
  console.log(`    answered: ${byVersion}; ${load.broken.length} broken, ${load.refused.length} refused`);
  return load;
}

claim("a server that is told to end and started again under load loses no connection, TCP or Unix", async () => {
  const load = await restart(5, async (server, startNext) => {
    assertEquals((await server.stop()).status, 0);
    return startNext();
  });
  assertEquals([load.refused, load.broken], [[], []]);
  assertEquals(load.answered.size, 5);
});

claim("a server whose next version begins before it ends loses none either", async () => {
  const load = await restart(4, async (server, startNext, load, next) => {
    const successor = startNext();
    await load.isAnsweredBy(next);
    assertEquals((await server.stop()).status, 0);
    return successor;
  });
  assertEquals([load.refused, load.broken], [[], []]);
});

claim(
  "a server that is killed breaks only the connection that it has accepted; those that wait are answered",
  async () => {
    const versions = 5;
    const load = await restart(versions, async (server, startNext) => {
      server.kill("SIGKILL");
      assertEquals((await server.ended()).signal, "SIGKILL");
      return startNext();
    });
    assertEquals(load.refused, []);
    // It answers one at a time.
    assert(load.broken.length < versions, load.broken.join("\n"));
  },
);

claim("connections that come while no server runs wait, and are all answered by the next one", async () => {
  using directory = new OwnDirectory();
  await using holding = await Holding.start(directory, ["-l", "web=tcp:[::1]:0", "-l", "local=./local"]);
  const { web } = await holding.held();
  const port = Number((web.address as string).split("]:")[1]);
  // A version that is killed before it can accept anything.
  {
    const stopped = startIpcx(["hold", "run", "web", "local", "--", "sleep", "1000"], {
      cwd: directory.path,
      env: holding.env,
    });
    await until(() => Deno.readTextFileSync(`/proc/${stopped.child.pid}/comm`) === "sleep\n", "it does not begin");
    stopped.kill("SIGKILL");
    await stopped.ended();
  }
  const answers = Array.from({ length: 200 }, async (_, at) => {
    using connection = await (at % 2 === 0
      ? Deno.connect({ hostname: "::1", port })
      : Deno.connect({ transport: "unix", path: directory.file("local") }));
    await connection.write(new TextEncoder().encode(`${at}\n`));
    return await new Response(connection.readable).text();
  });
  await using server = startServer("next", directory, { env: holding.env });
  assertEquals(await Promise.all(answers), answers.map((_, at) => `next ${at}\n`));
  await server.stop();
});
