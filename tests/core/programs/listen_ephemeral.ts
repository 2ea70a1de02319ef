/** Listens at as many ports as it is told, or as there are, and tells how many those were. */
import { listenEphemeral, type SystemError } from "ipcx";

const listeners = [];
let failure: string | undefined;
try {
  for (let count = 0; count < Number(Deno.args[0]); count++) listeners.push(listenEphemeral());
} catch (error) {
  failure = (error as SystemError).message;
}
console.log(JSON.stringify({ listening: listeners.length, failure }));
