import { assert, assertEquals, assertRejects } from "@std/assert";
import { Beam } from "../../src/beam/mod.ts";
import { SystemError } from "../../src/core/errors.ts";
import { UnixListener } from "../../src/core/listener.ts";
import { UnixSocket } from "../../src/core/socket.ts";
import { claim, NEEDS_ROOT, OwnDirectory, ownName } from "../claim.ts";
import { asNobody, result, Running } from "./programs/run.ts";

const NOBODY = 65534;
const SELF = Deno.uid()!;

claim("a connection to a listener of the expected user is made", async () => {
  using listener = UnixListener.listen(ownName());
  for (const peerUid of [undefined, SELF, [SELF], [4242, SELF]]) {
    using client = await UnixSocket.connect(listener.address, { peerUid });
    using server = await listener.accept();
    await client.send("x");
    assertEquals((await server.receive())!.text, "x");
  }
});

claim("a connection to anybody else's listener is an error that says whose it is, and sends nothing", async () => {
  using listener = UnixListener.listen(ownName(), { type: "seqpacket" });
  for (const [peerUid, named] of [[4242, "4242"], [[4242, 4243], "4242 or 4243"], [[], "anybody"]] as const) {
    const error = await assertRejects(
      () => UnixSocket.connect(listener.address, { type: "seqpacket", peerUid }),
      SystemError,
    );
    assertEquals([error.code, error.syscall, error.pid], ["EPERM", "connect", Deno.pid]);
    assertEquals(
      error.message,
      `connect ${listener.listensAt} (it is the listener of user ${SELF}, not of ${named}) (pid ${Deno.pid}): ` +
        "Operation not permitted (EPERM)",
    );
    using server = await listener.accept();
    assertEquals(await server.receive(), null);
  }
});

claim("whoever takes a name before its server gets nothing from those who know whose it is", async () => {
  using directory = new OwnDirectory();
  Deno.chmodSync(directory.path, 0o1777);
  for (const address of [ownName(), directory.file("socket")]) {
    await using squatter = new Running("squat.py", [address], { through: asNobody("/").through });
    assertEquals(await squatter.line(), "listens");
    const error = await assertRejects(() => UnixSocket.connect(address, { peerUid: 0 }), SystemError);
    assertEquals([error.code, error.pid], ["EPERM", squatter.child.pid]);
    assert(error.message.includes(`it is the listener of user ${NOBODY}, not of 0`), error.message);
    assertEquals(await squatter.line(), "received 0 bytes");
    using careless = await UnixSocket.connect(address);
    await careless.send("secret");
    assertEquals(await squatter.line(), "received 6 bytes");
  }
}, { skip: NEEDS_ROOT });

claim("a beam asks whose listener it is as well", async () => {
  using listener = UnixListener.listen(ownName());
  const error = await assertRejects(() => Beam.connect(listener.listensAt, { peerUid: 4242 }), SystemError);
  assertEquals(error.code, "EPERM");
});

claim("a listener is whose process called listen, whoever serves it", async () => {
  using listener = UnixListener.listen(ownName());
  const name = listener.listensAt;
  await using server = new Running("peer.py");
  for (const line of [`connect ${name}`, "take", `drop ${NOBODY}`]) {
    await server.say(line);
    if (line === "take") {
      using control = await listener.accept();
      await control.send("x", { fds: [listener.fd] });
      listener.close();
    }
    assertEquals(await server.line(), `${server.child.pid}`);
  }
  using client = await UnixSocket.connect(name, { peerUid: 0 });
  assertEquals(client.peerCredentials, { pid: Deno.pid, uid: 0, gid: 0 });
}, { skip: NEEDS_ROOT });

claim("a connection that the process was started with is asked, too", async () => {
  const through = ["/usr/bin/python3", `${import.meta.dirname}/programs/hand_over.py`, "5"];
  const connect = (uid: number): Promise<object> => result("inherit_connection_of.ts", ["5", `${uid}`], { through });
  assertEquals(await connect(SELF), { received: "from the launcher" });
  assertEquals(await connect(4242), { refused: "EPERM", isOpen: false });
});

claim("whose datagram socket it is cannot be asked", async () => {
  using receiver = UnixSocket.bound(ownName());
  await assertRejects(
    () => UnixSocket.connect(receiver.address, { type: "dgram", peerUid: SELF }),
    TypeError,
    "use stream or seqpacket with peerUid",
  );
});
