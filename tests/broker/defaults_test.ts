import { assertEquals } from "@std/assert";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { asUser } from "./daemon.ts";

const PROGRAM = new URL("programs/print_defaults.ts", import.meta.url).pathname;

/** Asks in a process whose environment has nothing but what is given. */
async function defaultsWith(environment: Record<string, string>, wrapper: string[] = []): Promise<string[]> {
  const [program, ...args] = [...wrapper, Deno.execPath(), "run", "--quiet", "--allow-all", PROGRAM];
  const { PATH, HOME, DENO_DIR } = Deno.env.toObject();
  const env = { PATH, HOME, ...(DENO_DIR ? { DENO_DIR } : {}), ...environment };
  const { stdout } = await new Deno.Command(program, { args, clearEnv: true, env, stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

claim("for root the broker is in /run, its control socket beside it", async () => {
  assertEquals(await defaultsWith({}), ["/run/one.socket", "/run/one.socket.ctl"]);
  assertEquals(await defaultsWith({ XDG_RUNTIME_DIR: "/x" }), ["/run/one.socket", "/run/one.socket.ctl"]);
}, { skip: NEEDS_ROOT });

claim("for others the broker is in their runtime directory, and without one the error says what to do", async () => {
  const user = asUser(65534);
  assertEquals(await defaultsWith({ XDG_RUNTIME_DIR: "/run/user/7" }, user), [
    "/run/user/7/one.socket",
    "/run/user/7/one.socket.ctl",
  ]);
  assertEquals(await defaultsWith({}, user), [
    "Error: XDG_RUNTIME_DIR is not set: say --socket ADDR, or set ONE_SOCKET_PATH",
  ]);
}, { skip: NEEDS_ROOT });

claim("the variables of the reference daemon are understood, as paths or abstract names", async () => {
  const cases: [Record<string, string>, string[]][] = [
    [{ ONE_SOCKET_PATH: "/a/b" }, ["/a/b", "/a/b.ctl"]],
    [{ ONE_SOCKET_PATH: "@name" }, ["@name", "@name.ctl"]],
    [{ ONE_SOCKET_PATH: "here" }, ["./here", "./here.ctl"]],
    [{ ONE_SOCKET_PATH: "a/b" }, ["a/b", "a/b.ctl"]],
    [{ ONE_SOCKET_PATH: "/a", ONE_SOCKET_CTL_PATH: "/c" }, ["/a", "/c"]],
    [{ ONE_SOCKET_PATH: "/a", ONE_SOCKET_CTL_PATH: "c" }, ["/a", "./c"]],
    [{ ONE_SOCKET_PATH: "/a", ONE_SOCKET_CTL_PATH: "@c" }, ["/a", "@c"]],
    [{ ONE_SOCKET_PATH: "@x\\x00y" }, ["@x\\x00y", "@x\\x00y.ctl"]],
  ];
  const found = await Promise.all(cases.map(([environment]) => defaultsWith(environment)));
  assertEquals(found, cases.map(([, expected]) => expected));
});
