/**
 * A broker in the process of the test.
 *
 * @module
 */

import { Broker, type BrokerOptions, UnixListener } from "ipcx";
import { ownName } from "../claim.ts";
import { eventually } from "./eventually.ts";

/** A broker and the abstract name at which it listens. */
export class EmbeddedBroker implements Disposable {
  /** Where it listens. */
  readonly address = ownName();
  /** The broker itself. */
  readonly broker: Broker;

  /** Starts one. */
  constructor(options?: BrokerOptions) {
    this.broker = new Broker(options);
    this.broker.listen(UnixListener.listen(this.address));
  }

  /** Waits until so many clients wait for a peer. */
  waits(count: number): Promise<void> {
    return eventually(`${count} clients wait`, () => this.broker.status.waiting === count);
  }

  /** Waits until so many clients are connected. */
  holds(count: number): Promise<void> {
    return eventually(`${count} clients are connected`, () => this.broker.status.clients === count);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.broker.close();
  }
}
