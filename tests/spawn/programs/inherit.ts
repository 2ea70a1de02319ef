/** Starts a process whose streams are this one's, and ends as it does. */
import { spawn } from "../../../src/spawn/mod.ts";

const child = spawn({ command: "sh", args: ["-c", "cat; echo told >&2; exit 7"] });
Deno.exit((await child.status).code);
