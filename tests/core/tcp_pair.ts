/**
 * A TCP connection of our own, over the loopback.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Fd } from "../../src/core/fd.ts";
import { internetNameOf, listenTcp } from "../../src/core/internet.ts";
import { native } from "../../src/core/native.ts";
import { Waiters } from "../../src/core/waiters.ts";

const IPPROTO_TCP = 6;
const TCP_INFO = 11;

/** Where `struct tcp_info` (linux/tcp.h) has what was sent again, and the segments with data in them. */
const TOTAL_RETRANS = 100;
const DATA_SEGS_OUT = 156;
const INFO_BYTES = 160;

/** Both ends: one as a descriptor, the other as the runtime's. */
export class TcpPair implements Disposable {
  /** The end that is tested. */
  readonly own: Fd;
  /** The other end. */
  readonly peer: Deno.TcpConn;

  /** Takes both over. */
  constructor(own: Fd, peer: Deno.TcpConn) {
    this.own = own;
    this.peer = peer;
  }

  /** Reads at the other end, so many bytes or up to the end. */
  async read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count);
    let got = 0;
    while (got < count) {
      const more = await this.peer.read(bytes.subarray(got));
      if (more === null) break;
      got += more;
    }
    return bytes.subarray(0, got);
  }

  /** In how many segments our end has sent its data. */
  get segments(): number {
    const info = new Uint8Array(INFO_BYTES);
    const length = native.ipcx_get_option(this.own.number, IPPROTO_TCP, TCP_INFO, info, info.length);
    assertEquals(length, INFO_BYTES, "the kernel tells of segments since Linux 4.6");
    const view = new DataView(info.buffer);
    return view.getUint32(DATA_SEGS_OUT, true) - view.getUint32(TOTAL_RETRANS, true);
  }

  /** Closes both. */
  [Symbol.dispose](): void {
    this.own.close();
    this.peer.close();
  }
}

/** Connects; our end sends at once what it is given (TCP_NODELAY). */
export async function tcpPair(): Promise<TcpPair> {
  using listener = await listenTcp("127.0.0.1", 0);
  const { port } = internetNameOf(listener);
  const peer = await Deno.connect({ hostname: "127.0.0.1", port });
  const waiters = new Waiters(listener.number);
  try {
    for (;;) {
      const number = native.ipcx_accept(listener.number, new Int32Array(3));
      if (number >= 0) return new TcpPair(new Fd(number), peer);
      await waiters.wait("readable");
    }
  } finally {
    waiters.close();
  }
}
