import { assert, assertEquals, assertThrows } from "@std/assert";
import { Beam, BeamError, BeamPort, ClosedError, SystemError, UnixSocket } from "ipcx";
import { claim } from "../claim.ts";
import { pipeWith, textsOf } from "./descriptors.ts";
import { KEEPING_BOUNDARIES } from "./kinds.ts";
import { closeAll, closing, portPair } from "./ports.ts";

claim("the queue is bounded in messages and bytes, and drained tells when there is room", async () => {
  for (const kind of KEEPING_BOUNDARIES) {
    for (const options of [{ maxQueued: 10 }, { maxQueuedBytes: 10_000 }]) {
      const [left, right] = portPair(kind, options);
      let posted = 0;
      // Until neither the socket nor the queue takes anything.
      for (let before = -1; posted !== before;) {
        before = posted;
        const refused = assertThrows(() => {
          for (;; posted++) left.postMessage([posted, "x".repeat(1000)]);
        }, DOMException);
        assertEquals(refused.name, "QuotaExceededError");
        assert(left.bufferedAmount > 0 && left.bufferedAmount < 12_000);
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, 100);
        await Promise.race([left.drained, promise]);
        clearTimeout(timer);
      }
      assert(posted < 3000, `${posted} were taken`);
      using fd = pipeWith("kept");
      assertThrows(() => left.postMessage("x".repeat(5000), fd), DOMException, "does not keep up");
      assert(fd.isOpen);
      const received: number[] = [];
      right.onmessage = ({ data }) => received.push((data as [number])[0]);
      await left.drained;
      assertEquals(left.bufferedAmount, 0);
      left.close();
      await closing(right);
      assertEquals(received, Array.from({ length: posted }, (_, at) => at));
    }
  }
});

claim("what was posted is still sent after close, unless it is discarded", async () => {
  for (const discard of [false, true]) {
    const [left, right] = portPair();
    const count = 2000;
    for (let at = 0; at < count; at++) left.postMessage("x".repeat(1000), pipeWith(`${at}`));
    const closed = closing(left);
    const drained = left.drained.then(() => "drained", (error) => (error as Error).name);
    left.close({ discard });
    left.close({ discard });
    if (discard) assertEquals(await closed, undefined);
    let received = 0;
    const end = closing(right);
    right.onmessage = () => received++;
    assertEquals(await end, undefined);
    await closed;
    assertEquals(await drained, discard ? "ClosedError" : "drained");
    if (discard) assert(received < count);
    else assertEquals(received, count);
  }
});

claim("a peer that dies closes the port with the reason, after all that it had sent", async () => {
  for (const kind of KEEPING_BOUNDARIES) {
    const [left, right] = portPair(kind);
    const received: unknown[] = [];
    right.postMessage("last words", pipeWith("and more"));
    left.postMessage("never read", pipeWith("nor this"));
    await Promise.all([left.drained, right.drained]);
    await closeAll(right);
    left.postMessage("too late", pipeWith("lost"));
    const end = closing(left);
    left.onmessage = (event) => received.push(event.data, ...textsOf(event));
    const error = await end;
    // Sending fails at once where nobody has begun to listen.
    assert(error instanceof SystemError && ["EPIPE", "ECONNRESET"].includes(error.code));
    assertThrows(() => left.postMessage("x"), ClosedError);
    await left.drained;
  }
});

claim("a listening port tells all that a dead peer had sent, though sending has failed", async () => {
  for (const kind of KEEPING_BOUNDARIES) {
    const [beam, other] = Beam.pair(kind);
    const port = new BeamPort(other);
    const received: unknown[] = [];
    for (let at = 0; at < 100; at++) await beam.send(`${at}`);
    beam.close();
    const end = closing(port);
    port.onmessage = (event) => {
      received.push(event.data);
      using fd = pipeWith("lost");
      try {
        port.postMessage("an answer", fd);
      } catch (error) {
        assert(error instanceof ClosedError);
      }
    };
    const error = await end;
    assert(error instanceof SystemError && ["EPIPE", "ECONNRESET"].includes(error.code));
    assertEquals(received, Array.from({ length: 100 }, (_, at) => at));
  }
});

claim("a listener may close the port, and is told nothing more", async () => {
  const [left, right] = portPair();
  const received: unknown[] = [];
  right.onmessage = ({ data }) => {
    received.push(data);
    right.close();
  };
  const closed = [closing(left), closing(right)];
  left.start();
  for (let at = 0; at < 10; at++) left.postMessage(at, pipeWith(`${at}`));
  await Promise.all(closed);
  assertEquals(received, [0]);
});

claim("a port is closed at the end of its block, and what it posted still arrives", async () => {
  const [beam, other] = Beam.pair({ framed: true });
  {
    using port = new BeamPort(other);
    port.postMessage("before the end");
  }
  assertEquals((await beam.receive())!.text, '"before the end"');
  assertEquals(await beam.receive(), null);
  beam.close();
});

claim("a port that listens keeps the process alive, unless it was let go", async () => {
  for (const [call, output] of [["unref", "ended\n"], ["ref", "received\nended\n"]]) {
    const program = `
      import { Beam, BeamPort } from "ipcx";
      const [beam, other] = Beam.pair({ framed: true });
      const port = new BeamPort(other);
      port.onmessage = ({ data }) => { console.log(data); port.close(); };
      port.${call}();
      globalThis.addEventListener("unload", () => console.log("ended"));
      Deno.unrefTimer(setTimeout(() => {}, 0));
      ${call === "ref" ? `setTimeout(() => beam.send('"received"'), 100);` : ""}
    `;
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", program] });
    const { stdout, stderr } = await child.output();
    assertEquals(new TextDecoder().decode(stdout), output, new TextDecoder().decode(stderr));
  }
});

claim("what is no message closes the port with the reason", async () => {
  const [socket, far] = UnixSocket.pair();
  using peer = socket;
  const port = new BeamPort(new Beam(far, { framed: true }));
  await peer.send(new Uint8Array([0x7f, 0xff, 0xff, 0xff, ...new Uint8Array(100)]));
  const end = closing(port);
  port.start();
  const error = await end;
  assert(error instanceof BeamError && error.code === "protocol");
});
