/**
 * What `ipcx completions` understands.
 *
 * @module
 */

import type { CommandSpec } from "./command_spec.ts";

/** `ipcx completions`. */
export const COMPLETIONS: CommandSpec = {
  name: "completions",
  summary: "print a completion script for a shell",
  usage: ["completions bash|zsh|fish"],
  details: `Examples:
  source <(ipcx completions bash)
  ipcx completions fish > ~/.config/fish/completions/ipcx.fish`,
  options: [],
  words: ["bash", "zsh", "fish"],
};
