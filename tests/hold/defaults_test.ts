import { assertEquals } from "@std/assert";
import { asUser } from "../broker/daemon.ts";
import { claim, NEEDS_ROOT } from "../claim.ts";

const PROGRAM = new URL("programs/print_default.ts", import.meta.url).pathname;

/** Asks in a process whose environment has nothing but what is given. */
async function defaultWith(environment: Record<string, string>, wrapper: string[] = []): Promise<string> {
  const [program, ...args] = [...wrapper, Deno.execPath(), "run", "--quiet", "--allow-all", PROGRAM];
  const { PATH, HOME, DENO_DIR } = Deno.env.toObject();
  const env = { PATH, HOME, ...(DENO_DIR ? { DENO_DIR } : {}), ...environment };
  const { stdout } = await new Deno.Command(program, { args, clearEnv: true, env, stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout).trim();
}

claim(
  "for root the holder is in /run, for others in their runtime directory, else the error says what to do",
  async () => {
    assertEquals(await defaultWith({ XDG_RUNTIME_DIR: "/x" }), "/run/ipcx-hold.socket");
    const user = asUser(65534);
    assertEquals(await defaultWith({ XDG_RUNTIME_DIR: "/run/user/7" }, user), "/run/user/7/ipcx-hold.socket");
    assertEquals(
      await defaultWith({}, user),
      "Error: XDG_RUNTIME_DIR is not set: say --socket ADDR, or set IPCX_HOLD_SOCKET",
    );
  },
  { skip: NEEDS_ROOT },
);

claim("IPCX_HOLD_SOCKET says where it is, as a path or an abstract name", async () => {
  for (const [value, address] of [["/a/b", "/a/b"], ["a/b", "a/b"], ["@name", "@name"], ["here", "./here"]]) {
    assertEquals(await defaultWith({ IPCX_HOLD_SOCKET: value }), address);
  }
});
