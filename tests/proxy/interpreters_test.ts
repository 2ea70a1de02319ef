import { assert, assertEquals } from "@std/assert";
import type { Channel } from "../../src/proxy/config.ts";
import { findPeril, isPerilousVariable, type Peril } from "../../src/proxy/configuration/interpreters.ts";
import { parseTemplate } from "../../src/proxy/placeholders.ts";
import { claim } from "../claim.ts";

const BODY = "{{jsonpayload}}";

function perilOf(command: string, channel?: Channel): Peril | undefined {
  return findPeril(command.split(" ").map((word) => parseTemplate(word.replaceAll("BODY", BODY))), channel);
}

/** Commands in which the place of the first BODY is refused. */
const REFUSED = [
  // The script itself.
  "sh -c BODY",
  "/bin/bash -ec echo;BODY",
  "bash -e -c BODY",
  "bash -euo pipefail -c BODY",
  "bash --rcfile f +e -c BODY",
  "fish --command BODY",
  "busybox sh -c BODY",
  "busybox ash -c BODY",
  "python3 -c BODY",
  "/usr/bin/python3.11 -c print(BODY)",
  "python3 -W ignore -c BODY",
  "perl -e BODY",
  "perl5.36 -ne BODY",
  "perl -lane BODY",
  "ruby -e BODY",
  "node -e BODY",
  "node --eval BODY",
  "node --eval=BODY",
  "node -p BODY",
  "php -r BODY",
  "php8.2 -r BODY",
  "lua -e BODY",
  "awk {print}BODY",
  "gawk -e BODY",
  "deno eval BODY",
  "bun -e BODY",
  "Rscript -e BODY",
  // The file it is in, or an option that runs code.
  "sh BODY",
  "sh BODY script.sh",
  "bash -- BODY",
  "bash -s BODY",
  "python3 BODY",
  "python3 -m BODY",
  "python3 -BODY script.py",
  "perl -e 1 BODY",
  "perl -MBODY script.pl",
  "node -r BODY script.js",
  "node -e 1 BODY",
  "php -r 1 BODY",
  "php -d BODY script.php",
  "awk -f script.awk BODY",
  "awk -v BODY script",
  "deno run -A BODY",
  "deno run BODY script.ts",
  // Through programs that run others.
  "env sh -c BODY",
  "env -i A=b -u C bash -c BODY",
  "env A=BODY sh -c BODY",
  "sudo -u www sh -c BODY",
  "sudo -u www -- sh -c BODY",
  "doas -u www sh -c BODY",
  "nice -n 5 sh -c BODY",
  "timeout -k 1 5 sh -c BODY",
  "nohup setsid sh -c BODY",
  "xargs -n 1 sh -c BODY",
  "chroot /x sh -c BODY",
  "flock /tmp/l sh -c BODY",
  // Behind words of theirs.
  "ipcx spawn --net x sh -c BODY",
  "docker exec -it box sh -c BODY",
  "kubectl exec pod -- env A=b bash -c BODY",
  "find . -exec sh -c BODY ;",
  // As such a program's option, or the name of what it runs.
  "env BODY ls",
  "env LD_PRELOAD=BODY ls",
  "env BODY=x ls",
  "sudo BODY",
  "sudo -u BODY ls",
  "timeout BODY ls",
  "nice -n BODY ls",
  "busybox BODY",
  // Lines for a shell.
  "ssh host ls BODY",
  "su -c BODY",
  "watch ls BODY",
];

claim("what a client sends is refused where it could become code, an option, or a program", () => {
  for (const command of REFUSED) {
    const peril = perilOf(command);
    const words = command.split(" ");
    const first = words.findIndex((word) => word.includes("BODY") && !/^A=/.test(word));
    assertEquals(peril?.at, first, command);
  }
});

/** Commands in which it is an argument like any other. */
const ALLOWED = [
  "echo BODY",
  "./script.sh BODY",
  "sh script.sh BODY",
  "sh -c echo sh BODY",
  "bash -euo pipefail -c true bash BODY --x=BODY",
  "sh -c true -- BODY",
  "python3 script.py BODY",
  "python3 -u -W ignore script.py BODY",
  "python3 -c 1 BODY",
  "python3 -m module BODY",
  "perl script.pl BODY",
  "perl -e 1 -- BODY",
  "perl -e 1 file BODY",
  "ruby -r json script.rb BODY",
  "node script.js BODY",
  "node -e 1 -- BODY",
  "php script.php BODY",
  "php -f script.php -- BODY",
  "awk {print} BODY",
  "awk -v name=BODY {print}",
  "awk -vname=BODY {print}",
  "deno run -A script.ts BODY",
  "deno script.ts BODY",
  "env A=BODY ls",
  "env -i A=b ls BODY",
  "sudo -u www ls BODY",
  "sudo A=BODY ls",
  "timeout 5 cat BODY",
  "busybox echo BODY",
  "nice -n 5 sh script.sh BODY",
  "ssh host ls",
  "docker run image BODY",
  "docker exec box sh script.sh BODY",
  "shfmt BODY",
  "python3-config BODY",
];

claim("what a client sends is allowed where it stays an argument", () => {
  for (const command of ALLOWED) assertEquals(perilOf(command), undefined, command);
});

claim("a body that is appended counts as the last argument", () => {
  assertEquals(perilOf("python3", "cmdline")?.at, 1);
  assertEquals(perilOf("sudo sh", "cmdline")?.at, 2);
  assertEquals(perilOf("env", "cmdline")?.at, 1);
  assertEquals(perilOf("sh -c true", "cmdline"), undefined);
  assertEquals(perilOf("sh script.sh", "cmdline"), undefined);
  assertEquals(perilOf("cat", "cmdline"), undefined);
  // It is not appended where it stands already.
  assertEquals(perilOf("python3 script.py BODY", "cmdline"), undefined);
  for (const channel of ["env", "file"] as const) assertEquals(perilOf("python3", channel), undefined);
});

claim("a body on standard input is refused where that is what is run", () => {
  const commands = [
    "sh",
    "sudo sh",
    "bash -s",
    "bash -s x",
    "bash -e",
    "python3",
    "python3 -",
    "node -",
    "php",
    "perl",
  ];
  for (const command of [...commands, "sh /dev/stdin", "awk -v a=b", "deno run -"]) {
    assert(perilOf(command, "stdin")?.message.includes("which is its standard input"), command);
  }
  const others = ["sh -c cat", "sh script.sh", "python3 -c 1", "python3 -m m", "perl -ne 1", "cat", "node -e 1"];
  for (const command of [...others, "awk {print}", "timeout 5 cat", "xargs echo"]) {
    assertEquals(perilOf(command, "stdin"), undefined, command);
  }
  assertEquals(perilOf("sh"), undefined);
});

claim("variables that decide what code runs are known", () => {
  for (const name of ["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "PYTHONPATH", "NODE_OPTIONS", "PERL5OPT"]) {
    assert(isPerilousVariable(name), name);
  }
  for (const name of ["LDAP_HOST", "NODE_ENV", "PYTHON", "GIT_AUTHOR_NAME", "MY_PATH", "PATHS", "ENVIRONMENT"]) {
    assert(!isPerilousVariable(name), name);
  }
});
