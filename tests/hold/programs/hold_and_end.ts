/** Holds something for an hour, and has nothing else to do. */
import { FdHolder, UnixSocket } from "../../../mod.ts";

const holder = new FdHolder();
const [one] = UnixSocket.pair();
holder.hold("it", one.release(), { expire: 3_600_000 });
console.log(holder.held.length);
