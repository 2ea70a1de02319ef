/**
 * The C shim: the only file that calls `Deno.dlopen`.
 *
 * Bytes are opened through a memfd, so that no file is left on disk.
 *
 * @module
 */

import { library } from "./native_files.ts";

const MFD_CLOEXEC = 1;

const SYMBOLS = {
  ipcx_send: {
    parameters: ["i32", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "u32", "i32"],
    result: "i32",
  },
  ipcx_send_parts: {
    parameters: ["i32", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "u32", "i32"],
    result: "i32",
  },
  ipcx_send_bytes: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  // A pointer that is made once costs less, in each call, than the array it was made from.
  ipcx_receive: {
    parameters: ["i32", "buffer", "u32", "pointer", "u32", "pointer", "pointer", "i32"],
    result: "i32",
  },
  ipcx_receive_parts: {
    parameters: ["i32", "buffer", "u32", "pointer", "u32", "pointer", "pointer", "i32"],
    result: "i32",
  },
  ipcx_receive_many: {
    parameters: ["i32", "buffer", "u32", "u32", "buffer", "u32", "u32", "buffer", "u32", "i32"],
    result: "i32",
  },
  ipcx_send_batch: { parameters: ["i32", "pointer", "pointer", "u32", "buffer", "u32"], result: "i32" },
  ipcx_receive_batch: { parameters: ["i32", "pointer", "u32", "pointer", "u32", "i32"], result: "i32" },
  ipcx_send_urgent: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_receive_urgent: { parameters: ["i32"], result: "i32" },
  ipcx_hand_out_pair: { parameters: ["i32", "u32", "i32", "u32", "buffer", "buffer"], result: "i32" },
  ipcx_listen_internet: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  ipcx_listen_ephemeral: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ipcx_internet_name: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_memory_create: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  ipcx_memory_size: { parameters: ["i32"], result: "i32" },
  ipcx_memory_map: { parameters: ["i32", "u32", "i32", "buffer"], result: "i32" },
  ipcx_memory_unmap: { parameters: ["buffer", "u32"], result: "i32" },
  ipcx_memory_seals: { parameters: ["i32"], result: "i32" },
  ipcx_memory_seal: { parameters: ["i32", "i32", "buffer", "u32"], result: "i32" },
  ipcx_send_file: { parameters: ["i32", "i32", "u32", "u32", "u32", "buffer"], result: "i32" },
  ipcx_splice: { parameters: ["i32", "i32", "u32", "i32", "u32", "u32", "buffer"], result: "i32" },
  ipcx_tee: { parameters: ["i32", "i32", "u32", "buffer"], result: "i32" },
  ipcx_vmsplice: { parameters: ["i32", "buffer", "u32", "u32"], result: "i32" },
  ipcx_pump: { parameters: ["i32", "i32", "i32", "i32", "u32", "buffer"], result: "i32" },
  ipcx_socket: { parameters: ["i32"], result: "i32" },
  ipcx_socketpair: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_bind_file: { parameters: ["i32", "buffer", "u32", "u32"], result: "i32" },
  ipcx_move: { parameters: ["buffer", "buffer"], result: "i32" },
  ipcx_listen: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_accept: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_disconnect: { parameters: ["i32"], result: "i32" },
  ipcx_name: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  ipcx_get_option: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  ipcx_set_option: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  ipcx_shutdown: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_close: { parameters: ["i32"], result: "i32" },
  ipcx_close_all: { parameters: ["buffer", "u32"], result: "i32" },
  ipcx_vacate: { parameters: ["i32"], result: "i32" },
  ipcx_duplicate: { parameters: ["i32"], result: "i32" },
  ipcx_duplicate_from: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_is_close_on_exec: { parameters: ["i32"], result: "i32" },
  ipcx_keep_on_exec: { parameters: ["i32"], result: "i32" },
  ipcx_set_nonblocking: { parameters: ["i32"], result: "i32" },
  ipcx_set_blocking: { parameters: ["i32"], result: "i32" },
  ipcx_open_path: { parameters: ["buffer", "i32"], result: "i32" },
  ipcx_lock_directory: { parameters: ["buffer", "u32"], result: "i32" },
  ipcx_read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_try_read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_read_at: { parameters: ["i32", "buffer", "u32", "u32", "u32"], result: "i32" },
  ipcx_write_parts: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_sealed_file: { parameters: ["buffer", "buffer", "u32", "i32"], result: "i32" },
  ipcx_raise_descriptor_limit: { parameters: [], result: "i32" },
  ipcx_error_name: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_error_text: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_poll: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_epoll_create: { parameters: [], result: "i32" },
  ipcx_epoll_control: { parameters: ["i32", "i32", "i32", "u32", "u32"], result: "i32" },
  ipcx_epoll_wait: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  ipcx_waker_start: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_waker_arm: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_exec: {
    parameters: ["buffer", "buffer", "u32", "buffer", "u32", "buffer", "u32", "i32"],
    result: "i32",
  },
  ipcx_environment: { parameters: ["buffer", "u32"], result: "i32" },
  ipcx_hold_signals: { parameters: [], result: "i32" },
  ipcx_monotonic_time: { parameters: ["buffer"], result: "i32" },
  ipcx_new_session: { parameters: [], result: "i32" },
  ipcx_spawn: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  ipcx_runner_start: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  ipcx_runner_submit: { parameters: ["pointer", "i32", "buffer", "buffer", "u32"], result: "i32" },
  ipcx_runner_await: { parameters: ["pointer", "i32"], result: "i32" },
  ipcx_runner_collect: { parameters: ["pointer", "buffer", "buffer", "buffer"], result: "i32" },
  ipcx_pidfd_open: { parameters: ["i32"], result: "i32" },
  ipcx_pidfd_inode: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_signal: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_signal_group: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_signal_own_group: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_exit_status: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_wait: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_pipe: { parameters: ["buffer"], result: "i32" },
  ipcx_terminal: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_namespace_type: { parameters: ["i32"], result: "i32" },
  ipcx_namespace_owner: { parameters: ["i32"], result: "i32" },
  ipcx_diag_socket: { parameters: ["i32"], result: "i32" },
  ipcx_netlink_receive: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_probe_socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ipcx_probe_bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_probe_name: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  ipcx_probe_send: { parameters: ["i32", "buffer", "u32", "u32", "buffer", "u32", "i32"], result: "i32" },
  ipcx_probe_receive: { parameters: ["i32", "buffer", "u32", "buffer", "u32", "i32", "buffer"], result: "i32" },
  ipcx_probe_batch: { parameters: ["i32", "u32", "i32"], result: "i32" },
  ipcx_probe_fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ipcx_probe_memory: { parameters: ["u32"], result: "i32" },
  ipcx_probe_take: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_probe_orphaned_pair: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_probe_in_flight: { parameters: ["i32", "i32", "i32", "i32", "buffer"], result: "i32" },
  ipcx_probe_access: { parameters: ["buffer", "i32"], result: "i32" },
  ipcx_probe_limit: { parameters: ["i32", "buffer"], result: "i32" },
  ipcx_probe_close_range: { parameters: [], result: "i32" },
  ipcx_probe_join: { parameters: ["i32", "i32"], result: "i32" },
  ipcx_probe_user_namespace: { parameters: ["buffer"], result: "i32" },
  ipcx_probe_trace: { parameters: ["buffer"], result: "i32" },
  ipcx_probe_create: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

type Symbols = typeof SYMBOLS;
type Functions = Deno.DynamicLibrary<Symbols>["symbols"];

/** Puts the library where it can be loaded from: a file without a name, which stays open. */
function unpack(bytes: Uint8Array<ArrayBuffer>): string {
  // Not with Deno.writeFile(): below /proc that takes --allow-all, and this no more than --allow-ffi.
  const libc = Deno.dlopen("libc.so.6", {
    memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
    write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  });
  try {
    const memfd = libc.symbols.memfd_create(new TextEncoder().encode("libipcx.so\0"), MFD_CLOEXEC);
    if (memfd < 0) throw new Error("ipcx needs memfd_create(2): Linux 3.17 or later");
    for (let at = 0; at < bytes.length;) {
      const written = Number(libc.symbols.write(memfd, bytes.subarray(at), BigInt(bytes.length - at)));
      if (written <= 0) throw new Error("there is no memory for the C library of ipcx");
      at += written;
    }
    return `/proc/self/fd/${memfd}`;
  } finally {
    libc.close();
  }
}

/** Binding a function takes a tenth of a millisecond: each is bound when it is first used. */
function bindWhenUsed(): Functions {
  const path = typeof library === "string" ? library : unpack(library);
  const functions = {} as Functions;
  for (const name of Object.keys(SYMBOLS) as (keyof Symbols)[]) {
    Object.defineProperty(functions, name, {
      configurable: true,
      enumerable: true,
      get() {
        const { symbols } = Deno.dlopen(path, { [name]: SYMBOLS[name] });
        const value = symbols[name];
        Object.defineProperty(functions, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return functions;
}

/**
 * The functions of `ffi/ipcx.h`. Each returns a value of 0 or more, or −errno.
 *
 * Typed arrays are passed without a copy and must not be kept by a call.
 */
export const native: Functions = bindWhenUsed();
