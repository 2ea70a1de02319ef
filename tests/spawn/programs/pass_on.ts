/** Passes on descriptor 7, which it was started with, and says what comes of it and of others. */
import { SystemError } from "../../../src/core/errors.ts";
import { openNumbers } from "../../core/open_descriptors.ts";
import { told } from "../output.ts";

async function passed(as: number, number: number): Promise<string> {
  try {
    const read = `import os; print(os.pread(${as}, 100, 0).decode())`;
    return await told({ command: "/usr/bin/python3", args: ["-Sc", read], fds: { [as]: number } });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.message;
  }
}

const runtimes = openNumbers().find((number) => number > 2 && number !== 7)!;
console.log(JSON.stringify({
  given: await passed(7, 7),
  moved: await passed(3, 7),
  closed: await passed(3, 999).then((text) => text.replace("999", "9")),
  runtimes: await passed(3, runtimes).then((text) => text.replace(`fd:${runtimes}`, "fd:N")),
}));
