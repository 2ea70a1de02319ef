import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { PairMode } from "ipcx";
import type { Client } from "../../src/broker/client.ts";
import { WaitingRoom } from "../../src/broker/waiting_room.ts";
import { claim } from "../claim.ts";

const OPPOSITE = { none: "none", client: "server", server: "client" } as const;

/** What a waiting room looks at of a client. */
function clientOf(id: number, mode: PairMode, key = "k"): Client {
  return { id, mode, key, previous: undefined, next: undefined } as unknown as Client;
}

claim("of those without a mode the first two are next", () => {
  const room = new WaitingRoom();
  const [one, two, three] = [1, 2, 3].map((id) => clientOf(id, "none"));
  room.enter(one);
  assertEquals(room.match("none", "k"), undefined);
  room.enter(two);
  room.enter(three);
  assert(room.match("none", "k")?.[0] === one && room.match("none", "k")?.[1] === two);
  room.leave(one);
  assert(room.match("none", "k")?.[0] === two && room.match("none", "k")?.[1] === three);
});

claim("the one that has waited longer comes first, whatever its mode", () => {
  for (const [first, second] of [["client", "server"], ["server", "client"]] as const) {
    const room = new WaitingRoom();
    const [one, other] = [clientOf(1, first), clientOf(2, second)];
    room.enter(one);
    room.enter(other);
    for (const mode of [first, second]) {
      assert(room.match(mode, "k")?.[0] === one && room.match(mode, "k")?.[1] === other);
    }
  }
});

claim("whether there is a peer is told before one waits oneself", () => {
  const room = new WaitingRoom();
  room.enter(clientOf(1, "server", "a"));
  assertEquals(
    [room.hasPeerFor("client", "a"), room.hasPeerFor("server", "a"), room.hasPeerFor("none", "a")],
    [true, false, false],
  );
  assertEquals(room.hasPeerFor("client", "b"), false);
});

claim("any coming and going leaves the queues as lists would be", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ mode: fc.constantFrom<PairMode>("none", "client", "server"), key: fc.constantFrom("a", "b") }),
      fc.record({ leaves: fc.nat() }),
    ),
    { maxLength: 60 },
  );
  fc.assert(fc.property(steps, (taken) => {
    const room = new WaitingRoom();
    const inside: Client[] = [];
    for (const [id, step] of taken.entries()) {
      if ("leaves" in step) {
        if (inside.length > 0) room.leave(inside.splice(step.leaves % inside.length, 1)[0]);
      } else {
        inside.push(clientOf(id, step.mode, step.key));
        room.enter(inside.at(-1)!);
      }
      assertEquals(room.size, inside.length);
      for (const key of ["a", "b"]) {
        for (const mode of ["none", "client", "server"] as const) {
          const like = inside.filter((client) => client.mode === mode && client.key === key);
          const peers = inside.filter((client) => client.mode === OPPOSITE[mode] && client.key === key);
          assertEquals(room.count(mode, key), like.length);
          assertEquals(room.hasPeerFor(mode, key), peers.length > 0);
          const expected = mode === "none" ? like.slice(0, 2) : [like[0], peers[0]];
          const match = room.match(mode, key);
          if (expected.length < 2 || expected.includes(undefined as unknown as Client)) assertEquals(match, undefined);
          else assertEquals(match?.map(({ id }) => id), expected.map(({ id }) => id).sort((one, other) => one - other));
        }
      }
    }
  }));
});
