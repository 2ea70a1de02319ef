/**
 * Capabilities by name (capabilities(7)).
 *
 * @module
 */

/** The capabilities, each at its number. */
export const CAPABILITY_NAMES: readonly string[] = [
  ..."chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable".split(" "),
  ..."net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot".split(" "),
  ..."sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease".split(" "),
  ..."audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend".split(" "),
  ..."audit_read perfmon bpf checkpoint_restore".split(" "),
];

function lastCapability(): number {
  try {
    return Number(Deno.readTextFileSync("/proc/sys/kernel/cap_last_cap"));
  } catch {
    return CAPABILITY_NAMES.length - 1;
  }
}

/**
 * Finds the numbers of capabilities.
 *
 * @param names Names, with or without `CAP_`, or `"ALL"`.
 * @returns Their numbers, each once.
 * @throws {TypeError} If there is no such capability.
 */
export function capabilityNumbers(names: readonly string[]): number[] {
  const numbers = names.flatMap((written) => {
    const name = written.toLowerCase().replace(/^cap_/, "");
    if (name === "all") return Array.from({ length: lastCapability() + 1 }, (_, number) => number);
    const number = CAPABILITY_NAMES.indexOf(name);
    if (number < 0) throw new TypeError(`there is no capability '${written}'`);
    return [number];
  });
  return [...new Set(numbers)].sort((one, other) => one - other);
}
