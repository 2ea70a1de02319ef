import type { Arguments } from "./parse.ts";
export function run(_args: Arguments): Promise<number> {
  return Promise.reject(new Error("later"));
}
