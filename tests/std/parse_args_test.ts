import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import fc from "fast-check";

const value = fc.string({ unit: "grapheme", minLength: 1 })
  .filter((text) => !text.startsWith("-"));
const word = fc.stringMatching(/^[a-z]{2,8}$/);

Deno.test("a string value comes back as it was given", () => {
  fc.assert(fc.property(value, (text) => {
    const declared = { string: ["net", "n"] } as const;
    assertEquals(parseArgs(["--net", text], declared).net, text);
    assertEquals(parseArgs([`--net=${text}`], declared).net, text);
    assertEquals(parseArgs(["-n", text], declared).n, text);
  }));
});

Deno.test("a value becomes a number exactly if it looks like one", () => {
  fc.assert(fc.property(fc.oneof(value, fc.double().map(String)), (text) => {
    const wanted = text.trim() && Number.isFinite(Number(text)) ? Number(text) : text;
    assertEquals(parseArgs([`--port=${text}`]).port, wanted);
  }));
  assertEquals(parseArgs(["80", "0x10", "1e3", "", " "])._, [
    80,
    16,
    1000,
    "",
    " ",
  ]);
  const positional: unknown = parseArgs(["80"], { string: ["_"] })._;
  assertEquals(positional, ["80"]);
});

Deno.test("collected values keep their order, whichever name was used", () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), value)), (given) => {
    const args = given.flatMap(([long, text]) => [long ? "--fd" : "-f", text]);
    const { fd, f } = parseArgs(args, {
      string: ["fd"],
      collect: ["fd"],
      alias: { fd: "f" },
    });
    assertEquals(fd, given.map(([, text]) => text));
    assertEquals(f, fd);
  }));
});

Deno.test("of an option that does not collect the last value counts", () => {
  assertEquals(parseArgs(["--net=a", "--net=b"], { string: ["net"] }), {
    net: "b",
    _: [],
  });
});

Deno.test("what follows a double dash is never parsed", () => {
  fc.assert(fc.property(fc.array(fc.string()), (rest) => {
    assertEquals(parseArgs(["-a", "--", ...rest]), { a: true, _: rest });
    assertEquals(parseArgs(["x", "--", ...rest], { "--": true }), {
      _: ["x"],
      "--": rest,
    });
  }));
});

Deno.test("after the first positional argument stopEarly parses nothing", () => {
  fc.assert(fc.property(word, fc.array(fc.string()), (command, rest) => {
    const args = rest.filter((arg) => arg !== "--");
    assertEquals(
      parseArgs(["-v", "--net=a", command, ...args], {
        boolean: ["v"],
        stopEarly: true,
      }),
      { v: true, net: "a", _: [command, ...args] },
    );
  }));
});

Deno.test("a boolean option takes no argument but true and false", () => {
  const boolean = ["quiet"] as const;
  fc.assert(fc.property(word, (next) => {
    fc.pre(next !== "true" && next !== "false");
    assertEquals(parseArgs(["--quiet", next], { boolean }), {
      quiet: true,
      _: [next],
    });
  }));
  assertEquals(parseArgs(["--quiet", "false"], { boolean }).quiet, false);
  assertEquals(parseArgs(["--quiet=false"], { boolean }).quiet, false);
  assertEquals(parseArgs([], { boolean }).quiet, false);
});

Deno.test("an option is no value of the option before it", () => {
  const options = { string: ["net", "n"] } as const;
  assertEquals(parseArgs(["--net", "--quiet", "-n", "-q"], options), { net: "", quiet: true, n: "", q: true, _: [] });
  assertEquals(parseArgs(["--net=--quiet"], options), { net: "--quiet", _: [] });
});

Deno.test("what begins with no- is an option like any other", () => {
  const options = { boolean: ["no-stdin"], alias: { "no-stdin": "n" } } as const;
  for (const arg of ["--no-stdin", "-n"]) {
    assertEquals(parseArgs([arg, "key"], options), { "no-stdin": true, n: true, _: ["key"] });
  }
});

Deno.test("an option without a value is true, or empty if a string", () => {
  assertEquals(parseArgs(["--a", "--net", "-n"], { string: ["net", "n"] }), {
    a: true,
    net: "",
    n: "",
    _: [],
  });
});

Deno.test("short options can be put together, the last with a value", () => {
  assertEquals(parseArgs(["-abc", "d"]), { a: true, b: true, c: "d", _: [] });
  const declared = { string: ["n", "o"] } as const;
  assertEquals(parseArgs(["-n5"], declared), { n: "5", _: [] });
  assertEquals(parseArgs(["-n=5"], declared), { n: "5", _: [] });
  assertEquals(parseArgs(["-ao/run/x"], declared), { a: true, o: "/run/x", _: [] });
  assertEquals(parseArgs(["-"]), { _: ["-"] });
});

Deno.test("only a negatable option can be negated", () => {
  const options = {
    boolean: ["color"],
    string: ["net"],
    negatable: ["color", "net"],
  } as const;
  const args: unknown = parseArgs(["--no-color", "--no-net"], options);
  assertEquals(args, { color: false, net: false, _: [] });
  assertEquals(parseArgs(["--no-fork"]), { "no-fork": true, _: [] });
});

Deno.test("all names of an option have its value, also by default", () => {
  const alias = { net: ["n", "network"] } as const;
  for (const name of ["--net", "-n", "--network"]) {
    assertEquals(parseArgs([name, "7"], { alias, string: ["net"] }), {
      net: "7",
      n: "7",
      network: "7",
      _: [],
    });
  }
  assertEquals(parseArgs([], { alias, default: { net: "host" } }), {
    net: "host",
    n: "host",
    network: "host",
    _: [],
  });
});

Deno.test("a default counts only if nothing was given", () => {
  const options = { string: ["net"], default: { net: "host" } } as const;
  assertEquals(parseArgs([], options).net, "host");
  assertEquals(parseArgs(["--net=x"], options).net, "x");
});

Deno.test("collected options that are not given are empty", () => {
  assertEquals(parseArgs([], { string: ["fd"], collect: ["fd"] }), {
    fd: [],
    _: [],
  });
});

Deno.test("unknown arguments are shown to the caller, who can refuse them", () => {
  const seen: unknown[] = [];
  const args = parseArgs(["--known", "--odd=1", "-x", "2", "file"], {
    boolean: ["known"],
    unknown: (...about) => {
      seen.push(about);
      return false;
    },
  });
  assertEquals(seen, [["--odd=1", "odd", "1"], ["-x", "x", "2"], ["file"]]);
  assertEquals(args, { known: true, _: [] });
});

Deno.test("no argument reaches the prototype of objects", () => {
  const names = ["__proto__", "constructor", "prototype", "x"];
  const name = fc.array(fc.constantFrom(...names), { minLength: 1 });
  fc.assert(fc.property(fc.array(name), (given) => {
    const before = Reflect.ownKeys(Object.prototype);
    try {
      parseArgs(given.map((path) => `--${path.join(".")}=1`));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    assertEquals(Reflect.ownKeys(Object.prototype), before);
    assertEquals(({} as { x?: unknown }).x, undefined);
  }));
});

Deno.test("any arguments at all can be parsed", () => {
  const arg = fc.oneof(fc.string(), fc.stringMatching(/^--?[a-c=1-]{0,4}$/));
  fc.assert(fc.property(fc.array(arg.filter((it) => !it.includes("."))), (args) => {
    parseArgs(args, {
      boolean: ["a"],
      string: ["b"],
      collect: ["b"],
      negatable: ["a"],
      alias: { a: "c" },
    });
  }));
});

Deno.test("declared options have the types their values have", () => {
  const args = parseArgs(["--net=a"], {
    boolean: ["quiet"],
    string: ["net", "user", "fd"],
    collect: ["fd", "any"],
    negatable: ["user"],
    alias: { net: "n" },
    default: { depth: 3 },
    "--": true,
  });
  const net: string | undefined = args.net;
  const n: unknown = args.n;
  const quiet: boolean = args.quiet;
  const fd: string[] = args.fd;
  const any: unknown[] | undefined = args.any;
  const user: string | false | undefined = args.user;
  const rest: string[] = args["--"];
  const positional: (string | number)[] = args._;
  const undeclared: unknown = args.other;
  assertEquals(
    [net, n, quiet, fd, any, user, rest, positional, undeclared],
    ["a", "a", false, [], undefined, undefined, [], [], undefined],
  );
  // @ts-expect-error: what was not given is undefined
  const certain: string = args.net;
  assertEquals(certain, "a");
});
