import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Broker,
  encodeSetPair,
  PairRefusedError,
  ProtocolError,
  requestPair,
  type SocketType,
  SystemError,
  UnixListener,
} from "ipcx";
import { claim, OwnDirectory, ownName } from "../claim.ts";
import { type Answer, AnsweringListener } from "./answering_listener.ts";
import { PythonBroker } from "./python_peer.ts";
import { assertPaired } from "./raw_client.ts";

/** Asks for a pair where the answer is one's own. */
async function requestAnsweredBy(answer: Answer, type?: SocketType): Promise<void> {
  using listener = new AnsweringListener();
  const answered = listener.answerOne(answer, type);
  try {
    (await requestPair({ address: listener.address, key: "k", timeout: 10_000 })).close();
  } finally {
    await answered;
  }
}

claim("keys are bytes, and text is UTF-8", async () => {
  const address = ownName();
  using broker = new Broker();
  broker.listen(UnixListener.listen(address));
  const [one, other] = await Promise.all([
    requestPair({ address, key: "Schlüssel" }),
    requestPair({ address, key: new TextEncoder().encode("Schlüssel") }),
  ]);
  await assertPaired(one, other);
});

claim("a key that is empty or too long is refused before anybody is asked", async () => {
  for (const key of ["", new Uint8Array(0), "x".repeat(1025), "ü".repeat(513)]) {
    await assertRejects(() => requestPair({ address: "@nobody", key }), RangeError, "a key has 1 to 1024 bytes");
  }
});

claim("a broker that is not there is named", async () => {
  const address = ownName();
  const error = await assertRejects(() => requestPair({ address, key: "k" }), SystemError, address);
  assertEquals((error as SystemError).code, "ECONNREFUSED");
  using directory = new OwnDirectory();
  const missing = await assertRejects(() => requestPair({ address: directory.file("none"), key: "k" }), SystemError);
  assertEquals((missing as SystemError).code, "ENOENT");
});

claim("a broker that closes instead of answering has refused", async () => {
  const address = ownName();
  await using _broker = await PythonBroker.start(address, "--close-without-answer");
  await assertRejects(() => requestPair({ address, key: "k" }), PairRefusedError, "its log says why");
});

claim("a broker that closes before it has read the request has refused", async () => {
  const address = ownName();
  using broker = new Broker({ limits: { maxClients: 1, maxClientsPerUid: 1 } });
  broker.listen(UnixListener.listen(address));
  const controller = new AbortController();
  const first = requestPair({ address, key: "k", signal: controller.signal });
  // Each of them meets the broker in another state: before its first byte, in the middle, or after its last.
  for (let round = 0; round < 50; round++) {
    await assertRejects(() => requestPair({ address, key: "other" }), PairRefusedError);
  }
  controller.abort();
  await assertRejects(() => first, DOMException);
});

claim("a peer that does not come in time is not waited for any longer", async () => {
  const address = ownName();
  await using _broker = await PythonBroker.start(address, "--stall");
  const started = performance.now();
  const error = await assertRejects(() => requestPair({ address, key: "k", timeout: 50 }), DOMException);
  assertEquals((error as DOMException).name, "TimeoutError");
  assert(performance.now() - started >= 49);
});

claim("a signal ends the wait with its reason, before it begins as well", async () => {
  const address = ownName();
  await using _broker = await PythonBroker.start(address, "--stall");
  const controller = new AbortController();
  const waiting = requestPair({ address, key: "k", signal: controller.signal, timeout: 60_000 });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
  await assertRejects(() => requestPair({ address, key: "k", signal: controller.signal }), RangeError, "enough");
});

claim("a reply with a descriptor in its second piece is none", async () => {
  const request = requestAnsweredBy(async (connection, fd) => {
    const reply = encodeSetPair(20);
    await connection.send(reply.subarray(0, 5), { fds: [fd] });
    await connection.send(reply.subarray(5), { fds: [fd] });
  });
  await assertRejects(() => request, ProtocolError, "descriptors after the first byte of a reply");
});

claim("a reply in single bytes is put together", async () => {
  await requestAnsweredBy(async (connection, fd) => {
    for (const [at, byte] of encodeSetPair(20).entries()) {
      await connection.send(Uint8Array.of(byte), { fds: at === 0 ? [fd] : [] });
      // Lets the client have its turn, so that it sees more than one piece.
      await new Promise((resolve) => setTimeout(resolve));
    }
  });
});

claim("a reply that breaks off is a refusal", async () => {
  const request = requestAnsweredBy(async (connection, fd) => {
    await connection.send(encodeSetPair(20).subarray(0, 19), { fds: [fd] });
  });
  await assertRejects(() => request, PairRefusedError);
});

claim("a reply whose payload is not zero is none", async () => {
  const request = requestAnsweredBy(async (connection, fd) => {
    await connection.send(encodeSetPair(20).fill(7, 19), { fds: [fd] });
  });
  await assertRejects(() => request, ProtocolError, "a payload that is not zero");
});

claim("a descriptor that is no stream socket is no end of a pair", async () => {
  const packets = requestAnsweredBy(async (connection, fd) => {
    await connection.send(encodeSetPair(20), { fds: [fd] });
  }, "seqpacket");
  await assertRejects(() => packets, ProtocolError, "a seqpacket socket in a reply, expected a stream socket");
  const noSocket = requestAnsweredBy(async (connection) => {
    using pidfd = connection.openPeerPidfd();
    await connection.send(encodeSetPair(20), { fds: [pidfd] });
  });
  await assertRejects(() => noSocket, ProtocolError, "no Unix socket in a reply");
});
