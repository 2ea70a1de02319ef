import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Fd } from "../../src/core/fd.ts";
import { native } from "../../src/core/native.ts";
import { hasEnded, isThere } from "../../src/core/pidfd.ts";
import { currentBootId, identify, parseStat, readStat } from "../../src/core/process_identity.ts";
import { parseProcessIds } from "../../src/core/process_ids.ts";
import { claim } from "../claim.ts";

const count = fc.nat({ max: 2 ** 31 - 1 });
const id = fc.nat({ max: 2 ** 32 - 1 });

claim("what /proc says of a process is read whatever its name is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 15 }),
      fc.constantFrom(..."RSDTZX"),
      fc.array(count, { minLength: 49, maxLength: 49 }),
      (name, state, numbers) => {
        const stat = parseStat(`1234 (${name}) ${state} ${numbers.join(" ")}\n`);
        const [parent, group, session] = numbers;
        assertEquals(stat, { state, parent, group, session, startTime: numbers[18], waitStatus: numbers[48] });
      },
    ),
  );
});

claim("the ids of a process are read whatever else /proc says, and its name does not pass for them", () => {
  const ids = fc.array(id, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(ids, ids, fc.array(id, { maxLength: 100 }), (uids, gids, groups) => {
      // The kernel escapes the line ends of names.
      const name = "Uid:\t0\t0\\nUid:\t0\t0\t0\t0";
      const told = parseProcessIds(
        `Name:\t${name}\nState:\tS (sleeping)\nUid:\t${uids.join("\t")}\nGid:\t${gids.join("\t")}\n` +
          `FDSize:\t64\nGroups:\t${groups.map((group) => `${group} `).join("")}\nNStgid:\t1\n`,
      );
      assertEquals([Object.values(told.uids), Object.values(told.gids), told.groups], [uids, gids, groups]);
      assertEquals(Object.keys(told.uids), ["real", "effective", "saved", "filesystem"]);
    }),
  );
  assertThrows(() => parseProcessIds("Name:\tx\n"), TypeError, "/proc tells no Uid of the process");
});

claim("this process is itself, and stays so", () => {
  using pidfd = new Fd(native.ipcx_pidfd_open(Deno.pid));
  assert(isThere(pidfd.number));
  assert(!hasEnded(pidfd.number));
  const one = identify(Deno.pid, pidfd.number);
  assertEquals(one, identify(Deno.pid, pidfd.number));
  assertEquals([one!.pid, one!.bootId, one!.startTime], [Deno.pid, currentBootId(), readStat(Deno.pid)!.startTime]);
});

claim("a child that has been reaped is not there, and is identified no more", async () => {
  const child = new Deno.Command("cat", { stdin: "piped", stdout: "null" }).spawn();
  using pidfd = new Fd(native.ipcx_pidfd_open(child.pid));
  assert(identify(child.pid, pidfd.number));
  await child.stdin.close();
  await child.status;
  assertEquals([isThere(pidfd.number), hasEnded(pidfd.number)], [false, true]);
  assertEquals(identify(child.pid, pidfd.number), undefined);
});
