import { assertEquals, assertMatch } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { result, run } from "./programs/run.ts";

const LAUNCHER = `${import.meta.dirname}/programs/activate.py`;

interface Activated {
  names: string[];
  types: string[];
  closeOnExec: boolean[];
  numbersFreed: boolean;
  environment: (string | null)[];
  childSees: string;
  again: number;
  served: string;
}

/** Starts the program with sockets at 3, 4, …; a variable of "-" is left out. */
function through(
  types: string,
  variables: { pid?: string; count?: string; names?: string } = {},
): { through: string[] } {
  const { pid = "own", count = "all", names = "-" } = variables;
  return { through: ["python3", LAUNCHER, types, pid, count, names] };
}

claim("sockets that a service manager opened are taken in their order, with their names", async () => {
  const told = await result<Activated>(
    "take_activated.ts",
    [],
    through("listener,stream,dgram", { names: "api::log" }),
  );
  assertEquals(told.names, ["api", "unknown", "log"]);
  assertEquals(told.types, ["stream listener", "stream", "dgram"]);
  assertEquals(told.closeOnExec, [true, true, true]);
  assertEquals(told.numbersFreed, true);
  assertEquals(told.served, "served");
});

claim("without names every one is unknown", async () => {
  const told = await result<Activated>("take_activated.ts", [], through("listener,listener"));
  assertEquals(told.names, ["unknown", "unknown"]);
});

claim("the variables are removed, so that neither a child nor a second call takes them", async () => {
  const told = await result<Activated>("take_activated.ts", [], through("listener", { names: "api" }));
  assertEquals([told.environment, told.childSees, told.again], [[null, null, null], "", 0]);
});

claim("what is meant for another process is left alone, and so is nothing", async () => {
  for (
    const variables of [{ pid: "1" }, { pid: "-" }, { count: "-" }, { pid: "-", count: "-" }, {
      pid: "own",
      count: "0",
    }]
  ) {
    const told = await result<Activated>("take_activated.ts", [], through("listener", variables));
    assertEquals(told.names, [], JSON.stringify(variables));
  }
});

claim("empty names are none: of no descriptors they say nothing, and one is unknown", async () => {
  for (const [count, names] of [["0", []], ["1", ["unknown"]]] as const) {
    const told = await result<Activated>("take_activated.ts", [], through("listener", { count, names: "" }));
    assertEquals(told.names, [...names]);
    assertEquals([told.environment, told.again], [[null, null, null], 0]);
  }
});

claim("variables that contradict each other are an error", async () => {
  for (
    const [variables, message] of [
      [{ count: "many" }, /LISTEN_FDS=many: it must be the number of descriptors/],
      [{ count: "-1" }, /LISTEN_FDS=-1: it must be the number of descriptors/],
      [{ names: "a:b:c" }, /LISTEN_FDNAMES has 3 names for LISTEN_FDS=1 descriptors/],
      [{ count: "3" }, /fcntl fd:4.*EBADF/],
    ] as const
  ) {
    const { code, err } = await run("take_activated.ts", [], through("listener", variables));
    assertEquals(code, 1);
    assertMatch(err, message);
  }
});

claim("descriptors are closed if one of them cannot be taken", async () => {
  using directory = new OwnDirectory();
  const { code, out } = await run("take_activated_partly.ts", [], {
    ...through("listener,listener", { count: "3" }),
    cwd: directory.path,
  });
  assertEquals([code, out], [0, "SystemError, 0 open\n"]);
});
