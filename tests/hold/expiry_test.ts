import { assert, assertEquals } from "@std/assert";
import { FdHolder } from "ipcx";
import { claim } from "../claim.ts";
import { EmbeddedHolder, Watched } from "./embedded_holder.ts";

/** Longer than any test runs. */
const LONG_MS = 3_600_000;

claim("what is stored for a time is let go when that is up", async () => {
  using holder = new EmbeddedHolder();
  using short = new Watched(), long = new Watched();
  await holder.client.store({ short: short.given.fd }, { expire: 1 });
  await holder.client.store({ long: long.given.fd }, { expire: LONG_MS });
  await short.isClosed();
  assertEquals([holder.names, long.isHeld], [["long"], true]);
  assertEquals(holder.holder.status.expired, 1);
});

claim("when it will be let go is told", async () => {
  using holder = new EmbeddedHolder();
  using watched = new Watched();
  await holder.client.store({ it: watched.given.fd }, { expire: LONG_MS });
  const [{ since, expires }] = await holder.client.list();
  assertEquals(Date.parse(expires!) - Date.parse(since), LONG_MS);
});

claim("the holder's time holds for what comes without one, and 0 is for ever", async () => {
  using holder = new EmbeddedHolder({ expire: 1 });
  using usual = new Watched(), ever = new Watched(), own = new Watched();
  await holder.client.store({ ever: ever.given.fd }, { expire: 0 });
  holder.holder.hold("own", own.given.fd.duplicate(), { expire: 0 });
  await holder.client.store({ usual: usual.given.fd });
  await usual.isClosed();
  assertEquals(holder.holder.held.map(({ name, expires }) => [name, expires]), [["ever", undefined], [
    "own",
    undefined,
  ]]);
});

claim("what replaces another has its own time, and what was dropped has none", async () => {
  using holder = new FdHolder();
  using first = new Watched(), second = new Watched(), third = new Watched(), later = new Watched();
  // In one go: no time is up before all of it is said.
  holder.hold("it", first.given.fd.duplicate(), { expire: 50 });
  holder.hold("it", second.given.fd.duplicate(), { expire: LONG_MS, replace: true });
  holder.hold("gone", third.given.fd.duplicate(), { expire: 50 });
  holder.drop("gone");
  holder.hold("later", later.given.fd.duplicate(), { expire: 51 });
  await later.isClosed();
  assertEquals([holder.held.map(({ name }) => name), second.isHeld], [["it"], true]);
  assertEquals(holder.status.expired, 1);
});

claim("a time that is not up keeps no process alive", async () => {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", `${import.meta.dirname}/programs/hold_and_end.ts`],
    stdin: "null",
    stderr: "inherit",
  }).output();
  assert(success);
  assertEquals(new TextDecoder().decode(stdout), "1\n");
});
