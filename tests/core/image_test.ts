import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { candidatesFor, Environment, type PackedStrings, packStrings } from "../../src/core/image.ts";
import { claim } from "../claim.ts";
import { result } from "./programs/run.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function unpacked({ count, bytes }: PackedStrings): string[] {
  const strings = decoder.decode(bytes).split("\0");
  assertEquals(strings.pop(), "", "the last one has its NUL, too");
  assertEquals(strings.length, count);
  return strings;
}

/** A variable of this process for as long as a block goes on. */
class Variable implements Disposable {
  readonly name: string;

  constructor(value: string, name = `IPCX_TEST_${crypto.randomUUID().replaceAll("-", "_")}`) {
    this.name = name;
    Deno.env.set(name, value);
  }

  [Symbol.dispose](): void {
    Deno.env.delete(this.name);
  }
}

const text = fc.string({ unit: "binary" }).filter((one) => !one.includes("\0") && one.isWellFormed());

claim("strings are packed one after the other, each with its NUL", () => {
  fc.assert(fc.property(fc.array(text), (strings) => {
    assertEquals(unpacked(packStrings(strings)), strings);
    // Bytes among them change nothing.
    const mixed = strings.map((string, at) => at % 2 ? string : new TextEncoder().encode(string));
    assertEquals(packStrings(mixed), packStrings(strings));
  }));
  assertEquals(packStrings([]), { count: 0, bytes: new Uint8Array(0) });
  assertEquals(packStrings([new Uint8Array([0xff])]).bytes, new Uint8Array([0xff, 0]));
});

claim("a NUL within a string is refused", () => {
  for (const wrong of ["a\0b", new Uint8Array([97, 0, 98])]) {
    assertThrows(() => packStrings(["good", wrong]), TypeError, "an argument cannot contain a NUL: 'a\\x00b'");
  }
});

claim("the environment is inherited, as it is and in its order", () => {
  using variable = new Variable("grüße\n= ");
  const environment = Environment.inherit();
  assertEquals(environment.get(variable.name), "grüße\n= ");
  const found = unpacked(environment.pack()).map((entry) => entry.split(/=(.*)/s).slice(0, 2));
  assertEquals(Object.fromEntries(found), { ...Deno.env.toObject() });
  assertEquals(unpacked(environment.pack()), unpacked(Environment.inherit().pack()));
});

claim("what was inherited is a copy", () => {
  using variable = new Variable("before");
  const environment = Environment.inherit();
  Deno.env.set(variable.name, "after");
  Environment.inherit();
  assertEquals(environment.get(variable.name), "before");
});

claim("an environment of any size is inherited", () => {
  using variable = new Variable("x".repeat(100_000));
  assertEquals(Environment.inherit().get(variable.name)!.length, 100_000);
});

claim("a variable that is changed is there once, with its new value, after the others", () => {
  using one = new Variable("one");
  using longer = new Variable("longer", `${one.name}_LONGER`);
  const environment = Environment.inherit();
  environment.set(one.name, "changed");
  environment.set("IPCX_TEST_ADDED", "");
  assertEquals([environment.get(one.name), environment.get("IPCX_TEST_ADDED")], ["changed", ""]);
  const entries = unpacked(environment.pack());
  assertEquals(entries.slice(-2), [`${one.name}=changed`, "IPCX_TEST_ADDED="]);
  assertEquals(entries.filter((entry) => entry.startsWith(`${one.name}=`)).length, 1);
  assertEquals(entries.includes(`${longer.name}=longer`), true);
});

claim("what is changed last comes last", () => {
  const environment = Environment.of({ A: "1", B: "2" });
  environment.set("C", "3");
  environment.set("A", "4");
  assertEquals(unpacked(environment.pack()), ["B=2", "C=3", "A=4"]);
});

claim("a variable can be taken away", () => {
  using variable = new Variable("here");
  const environment = Environment.inherit();
  environment.set(variable.name, undefined);
  environment.set("IPCX_TEST_NEVER", undefined);
  assertEquals(environment.get(variable.name), undefined);
  assertEquals(unpacked(environment.pack()).some((entry) => entry.startsWith(`${variable.name}=`)), false);
  environment.set(variable.name, "again");
  assertEquals(unpacked(environment.pack()).at(-1), `${variable.name}=again`);
});

claim("an environment of one's own has nothing else", () => {
  assertEquals(unpacked(Environment.of({ A: "1", "b c": "=" }).pack()), ["A=1", "b c=="]);
  assertEquals(Environment.of().pack(), { count: 0, bytes: new Uint8Array(0) });
  assertEquals(Environment.of().get("PATH"), undefined);
});

claim("what is no name is refused, and so is a NUL", () => {
  for (const name of ["", "A=B", "="]) {
    assertThrows(() => Environment.of({ [name]: "1" }).pack(), TypeError, `'${name}' is no name for a variable`);
  }
  assertThrows(() => Environment.of({ A: "\0" }).pack(), TypeError, "NUL");
  assertThrows(() => Environment.of({ "A\0": "" }).pack(), TypeError, "NUL");
});

claim("what Deno cannot tell of an environment is inherited all the same", async () => {
  // Two of one name, one without a name, one without a value, and bytes that are no UTF-8.
  const odd = ["A=first", "A=second", "=x", "ALONE", "B=\\xff\\xfe", "\\xe9=y", "C="];
  const python = `import ctypes, os, sys
libc = ctypes.CDLL(None)
arguments = [a.encode() for a in sys.argv[1:]]
kept = [b"%s=%s" % (n, os.environb[n]) for n in (b"PATH", b"HOME", b"DENO_DIR") if n in os.environb]
odd = [b"A=first", b"A=second", b"=x", b"ALONE", b"B=\\xff\\xfe", b"\\xe9=y", b"C="]
strings = lambda s: (ctypes.c_char_p * (len(s) + 1))(*s, None)
libc.execv.argtypes = libc.execve.argtypes = None
libc.execve(arguments[0], strings(arguments), strings(odd + kept))`;
  const told = await result<{ entries: string[]; a: string; changed: string[] }>("inherit_environment.ts", [], {
    through: ["python3", "-c", python],
  });
  assertEquals(told.entries.slice(0, odd.length), odd);
  assertEquals(told.a, "first");
  assertEquals(told.changed.slice(0, 5), odd.slice(2));
  assertEquals(told.changed.at(-1), "A=third");
});

claim("a program is looked for as execvp does it", () => {
  const inPath = (path: string): string[] => candidatesFor("sh", Environment.of({ PATH: path }));
  assertEquals(inPath("/bin:/usr/bin"), ["/bin/sh", "/usr/bin/sh"]);
  assertEquals(inPath(":/bin::"), ["./sh", "/bin/sh", "./sh", "./sh"]);
  assertEquals(inPath("bin"), ["bin/sh"]);
  assertEquals(inPath(""), ["./sh"]);
  assertEquals(candidatesFor("sh", Environment.of()).includes("/bin/sh"), true);
  for (const path of ["./sh", "/bin/sh", "a/b", "/", ""]) {
    assertEquals(candidatesFor(path, Environment.of({ PATH: "/bin" })), [path]);
  }
});
