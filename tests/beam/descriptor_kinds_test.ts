import { Beam, type Fd, UnixSocket } from "ipcx";
import { assert, assertEquals } from "@std/assert";
import { claim, OwnDirectory } from "../claim.ts";
import { isCloseOnExec, targetOf } from "../core/open_descriptors.ts";
import { openFile, pipe, sealedMemory, textOf, write } from "./descriptors.ts";
import { ForeignPeer, hex } from "./foreign_peer.ts";
import { WIRES } from "./wires.ts";

/** Sends a descriptor in every way there is, and gives a test what arrives. */
async function withReceived(fd: Fd, test: (received: Fd) => void | Promise<void>): Promise<void> {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    await sender.send("take this", fd);
    using message = (await receiver.receive())!;
    using received = message.takeFd()!;
    assert(received.number !== fd.number);
    assert(isCloseOnExec(received.number));
    assertEquals(targetOf(received.number), targetOf(fd.number));
    await test(received);
  }
}

claim("a file arrives, even one that has no name any more", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("letter"), "its text");
  using file = openFile(directory.file("letter"));
  Deno.removeSync(directory.file("letter"));
  await withReceived(file, (received) => assertEquals(textOf(received), "its text"));
});

claim("either end of a pipe arrives", async () => {
  const [reader, writer] = pipe();
  using _reader = reader;
  {
    using _writer = writer;
    await withReceived(writer, (received) => write(received, "through it;"));
  }
  await withReceived(reader, (received) => {
    const text = textOf(received);
    assert(text === "" || text === "through it;".repeat(3));
  });
});

claim("memory arrives, and is shared", async () => {
  using memory = sealedMemory(5);
  await withReceived(memory, (received) => {
    const word = crypto.randomUUID().slice(0, 5);
    using file = Deno.openSync(`/proc/self/fd/${memory.number}`, { write: true });
    file.writeSync(new TextEncoder().encode(word));
    assertEquals(textOf(received), word);
  });
});

claim("a directory and a device arrive", async () => {
  using directory = new OwnDirectory();
  Deno.writeTextFileSync(directory.file("inside"), "");
  using opened = openFile(directory.path);
  await withReceived(opened, (received) => {
    assertEquals(Array.from(Deno.readDirSync(`/proc/self/fd/${received.number}`), ({ name }) => name), ["inside"]);
  });
  using device = openFile("/dev/null");
  await withReceived(device, (received) => assertEquals(textOf(received), ""));
});

claim("one end of a connection arrives, and goes on where it was", async () => {
  for (const options of WIRES) {
    const [sender, receiver] = Beam.pair(options);
    using _sender = sender;
    using _receiver = receiver;
    const [near, far] = UnixSocket.pair();
    using _near = near;
    await near.send("sent before");
    await sender.send("an end", far.fd);
    far.close();
    using message = (await receiver.receive())!;
    using end = UnixSocket.fromFd(message.takeFd()!);
    assertEquals((await end.receive())!.text, "sent before");
    await end.send("sent after");
    assertEquals((await near.receive())!.text, "sent after");
  }
});

claim("a beam travels over another beam, with what is in it", async () => {
  for (const options of WIRES) {
    for (const inner of WIRES) {
      const [sender, receiver] = Beam.pair(options);
      using _sender = sender;
      using _receiver = receiver;
      const [near, far] = Beam.pair(inner);
      using _near = near;
      await near.send("inside", near.fd);
      await sender.send("a beam", far.fd);
      far.close();
      using message = (await receiver.receive())!;
      using arrived = Beam.fromFd(message.takeFd()!, inner);
      assertEquals([arrived.type, arrived.settings.framed], [near.type, near.settings.framed]);
      using inside = (await arrived.receive())!;
      assertEquals([inside.text, targetOf(inside.fds[0].number)], ["inside", targetOf(near.fd.number)]);
      await arrived.send("and back");
      using back = (await near.receive())!;
      assertEquals(back.text, "and back");
    }
  }
});

claim("a beam can be sent over itself", async () => {
  for (const options of WIRES) {
    const [left, right] = Beam.pair(options);
    using _left = left;
    using _right = right;
    await left.send("myself", left.fd);
    using message = (await right.receive())!;
    using again = Beam.fromFd(message.takeFd()!, options);
    await again.send("from the copy");
    assertEquals((await right.receive())!.text, "from the copy");
  }
});

claim("a TCP listener goes from process to process, and the last one accepts from it", async () => {
  const [owner, from] = await ForeignPeer.beam();
  await using _owner = owner;
  using _from = from;
  const [server, to] = await ForeignPeer.beam();
  await using _server = server;
  using _to = to;
  const port = await owner.tell<number>("send_listener", hex("a listener"));
  {
    using message = (await from.receive())!;
    using listener = message.takeFd()!;
    await to.send("accept from it", listener);
  }
  const accepting = server.tell("accept_from_received", "hello from the last");
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const answer = await new Response(connection.readable).text();
  assertEquals(answer, "hello from the last");
  await accepting;
});
