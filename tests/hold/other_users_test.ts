import { assertEquals } from "@std/assert";
import { HoldAccess } from "ipcx";
import { claim, NEEDS_ROOT } from "../claim.ts";
import { EmbeddedHolder, Watched } from "./embedded_holder.ts";

const ASK = `${import.meta.dirname}/programs/ask.py`;

/** Some user and group that are neither root nor each other. */
const ALICE = 54321, BOB = 54322, GROUP = 54323;

/** The reply, and what each descriptor stands for that came with it. */
type Answer = [reply: unknown, fds: string[]];

/** Asks as another user. */
async function ask(
  holder: EmbeddedHolder,
  uid: number,
  request: unknown,
  paths: string[] = [],
  groups = "",
): Promise<Answer> {
  const { stdout, stderr, success } = await new Deno.Command("python3", {
    args: [ASK, `${uid}`, groups, holder.address, JSON.stringify(request), ...paths],
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const [reply, ...fds] = new TextDecoder().decode(stdout).trimEnd().split("\n");
  return [JSON.parse(reply), fds];
}

const denied = (message: string): Answer => [{ ok: false, error: "denied", message }, []];
const YES: Answer = [{ ok: true }, []];

claim("without a rule other users may do nothing, not even ask how it is", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  await holder.client.store({ it: watched.given.fd });
  for (const request of [{ op: "status" }, { op: "list" }, { op: "retrieve", names: ["it"] }]) {
    assertEquals(await ask(holder, ALICE, request), denied(`uid ${ALICE} may do nothing here`));
  }
  const store = { op: "store", names: ["other"] };
  assertEquals(await ask(holder, ALICE, store, ["/dev/null"]), denied(`uid ${ALICE} may do nothing here`));
  assertEquals(holder.names, ["it"]);
}, { skip: NEEDS_ROOT });

claim("a user may do what a rule says, with the names that it says", async () => {
  using holder = new EmbeddedHolder({ access: HoldAccess.parse([`allow uid=${ALICE} op=retrieve,list name=http*`]) });
  using watched = new Watched();
  const { fd } = watched.given;
  await holder.client.store({ http: fd, https: fd, ssh: fd });
  const [reply, fds] = await ask(holder, ALICE, { op: "retrieve", names: ["http", "https"] });
  assertEquals([reply, fds.length], [{ ok: true }, 2]);
  const [list] = await ask(holder, ALICE, { op: "list" }) as [{ held: { name: string }[] }, string[]];
  assertEquals(list.held.map(({ name }) => name), ["http", "https"]);
  const refusals: [unknown, string][] = [
    [{ op: "retrieve", names: ["http", "ssh"] }, "retrieve 'ssh'"],
    [{ op: "retrieve", names: ["none"] }, "retrieve 'none'"],
    [{ op: "take", names: ["http"] }, "drop 'http'"],
    [{ op: "drop", names: ["http"] }, "drop 'http'"],
  ];
  for (const [request, what] of refusals) {
    assertEquals(await ask(holder, ALICE, request), denied(`uid ${ALICE} may not ${what}`));
  }
  const store = { op: "store", names: ["http2"] };
  assertEquals(await ask(holder, ALICE, store, ["/dev/null"]), denied(`uid ${ALICE} may not store 'http2'`));
  assertEquals(await ask(holder, BOB, { op: "list" }), denied(`uid ${BOB} may do nothing here`));
}, { skip: NEEDS_ROOT });

claim("a group counts, be it the first or one of the others", async () => {
  using holder = new EmbeddedHolder({ access: HoldAccess.parse([`allow gid=${GROUP} op=status`]) });
  const status = { op: "status" };
  const mayAsk = async (uid: number, groups?: string): Promise<boolean> =>
    (await ask(holder, uid, status, [], groups) as [{ ok: boolean }, string[]])[0].ok;
  assertEquals([await mayAsk(ALICE), await mayAsk(ALICE, `12,${GROUP}`), await mayAsk(GROUP)], [false, true, true]);
}, { skip: NEEDS_ROOT });

claim("what a user has stored, another one neither drops, takes nor replaces without a rule that says so", async () => {
  using holder = new EmbeddedHolder({ access: HoldAccess.parse(["allow name=shared*"]) });
  const names = ["shared"];
  assertEquals(await ask(holder, ALICE, { op: "store", names }, ["/dev/null"]), YES);
  assertEquals(holder.holder.held.map(({ uid, path }) => [uid, path]), [[ALICE, "/dev/null"]]);
  const refusals: [unknown, string, string[]][] = [
    [{ op: "drop", names }, "drop", []],
    [{ op: "take", names }, "drop", []],
    [{ op: "store", names, replace: true }, "store", ["/dev/zero"]],
  ];
  for (const [request, op, paths] of refusals) {
    assertEquals(await ask(holder, BOB, request, paths), denied(`uid ${BOB} may not ${op} 'shared'`));
  }
  assertEquals(await ask(holder, BOB, { op: "retrieve", names }), [{ ok: true }, ["/dev/null"]]);
  assertEquals(await ask(holder, ALICE, { op: "store", names, replace: true }, ["/dev/zero"]), YES);

  holder.holder.access = HoldAccess.parse([`allow uid=${BOB} name=shared* owner=${ALICE}`, "allow name=shared*"]);
  assertEquals(await ask(holder, BOB, { op: "store", names, replace: true }, ["/dev/null"]), YES);
  assertEquals(holder.holder.held.map(({ uid, path }) => [uid, path]), [[BOB, "/dev/null"]]);
  assertEquals(await ask(holder, ALICE, { op: "drop", names }), denied(`uid ${ALICE} may not drop 'shared'`));
  assertEquals(await ask(holder, BOB, { op: "take", names }), [{ ok: true }, ["/dev/null"]]);
  assertEquals(holder.names, []);
}, { skip: NEEDS_ROOT });

claim("root and the user that runs the holder may do anything with what others have stored", async () => {
  using holder = new EmbeddedHolder({ access: HoldAccess.parse([`allow uid=${ALICE}`]) });
  assertEquals(await ask(holder, ALICE, { op: "store", names: ["a", "b"] }, ["/dev/null", "/dev/null"]), YES);
  await holder.client.drop(["a"]);
  assertEquals(holder.names, ["b"]);
}, { skip: NEEDS_ROOT });

claim("the limits of one user are its own", async () => {
  using holder = new EmbeddedHolder({
    access: HoldAccess.parse([`allow uid=${ALICE}`, `allow uid=${BOB}`]),
    limits: { maxHeld: 3, maxHeldPerUid: 2 },
  });
  const store = (uid: number, name: string): Promise<Answer> =>
    ask(holder, uid, { op: "store", names: [name] }, ["/dev/null"]);
  const full = (message: string): Answer => [{ ok: false, error: "full", message }, []];
  assertEquals([await store(ALICE, "a1"), await store(ALICE, "a2")], [YES, YES]);
  assertEquals(await store(ALICE, "a3"), full(`2 descriptors are held for uid ${ALICE}; 2 is the most`));
  assertEquals(await store(BOB, "b1"), YES);
  assertEquals(await store(BOB, "b2"), full("3 descriptors are held; 3 is the most"));
}, { skip: NEEDS_ROOT });
