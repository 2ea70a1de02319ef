/** Takes the sockets that it was started with and tells what they are. */
import { takeActivatedFds } from "../../../src/core/activation.ts";
import { unixTypeOf } from "../../../src/core/endpoint.ts";
import { SO } from "../../../src/core/linux.ts";
import { UnixListener } from "../../../src/core/listener.ts";
import { getNumber } from "../../../src/core/options.ts";
import { UnixSocket } from "../../../src/core/socket.ts";
import { isCloseOnExec, isOpen } from "../open_descriptors.ts";

const activated = takeActivatedFds();
const { stdout } = await new Deno.Command("sh", { args: ["-c", "env | grep ^LISTEN_ || true"] }).output();
const told = {
  names: activated.map(({ name }) => name),
  types: activated.map(({ fd }) => `${unixTypeOf(fd.number)}${getNumber(fd.number, SO.ACCEPTCONN) ? " listener" : ""}`),
  closeOnExec: activated.map(({ fd }) => isCloseOnExec(fd.number)),
  // A number may have become a duplicate's, or the runtime's; what it was is not inheritable any more.
  numbersFreed: activated.every((_, at) => !isOpen(3 + at) || isCloseOnExec(3 + at)),
  environment: ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].map((name) => Deno.env.get(name) ?? null),
  childSees: new TextDecoder().decode(stdout),
  again: takeActivatedFds().length,
  served: "",
};
if (told.types[0] === "stream listener") {
  using listener = UnixListener.fromFd(activated[0].fd);
  using client = await UnixSocket.connect(listener.address);
  using server = await listener.accept();
  await server.send("served");
  told.served = (await client.receive())!.text;
}
for (const { fd } of activated) fd.close();
console.log(JSON.stringify(told));
