import { ProtocolError, requestPair } from "ipcx";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { claim, ownName } from "../claim.ts";
import { eventually } from "./eventually.ts";
import { PythonBroker } from "./python_peer.ts";
import { assertPaired } from "./raw_client.ts";

const REPLIES = [["1044"], ["1040"], ["20"], ["1044", "--split"], ["1040", "--split"], ["20", "--split"]];

for (const [size, ...split] of REPLIES) {
  claim(`our client takes replies of ${size} bytes${split.length > 0 ? " in two pieces" : ""}`, async () => {
    const address = ownName();
    await using _broker = await PythonBroker.start(address, "--reply-size", size, ...split);
    const [one, other] = await Promise.all([
      requestPair({ address, key: "k", mode: "client" }),
      requestPair({ address, key: "k", mode: "server" }),
    ]);
    await assertPaired(one, other);
  });
}

claim("our client's requests say what was asked for", async () => {
  const address = ownName();
  await using broker = await PythonBroker.start(address);
  const key = Uint8Array.from({ length: 1024 }, (_, at) => at & 0xff);
  const [one, other] = await Promise.all([requestPair({ address, key }), requestPair({ address, key })]);
  await assertPaired(one, other);
  await eventually("both requests are reported", () => broker.requests.length === 2);
  const hex = Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join("");
  for (const request of broker.requests) {
    assert(request.key === hex, "another key arrived");
    assertEquals([request.mode, request.len], ["none", 1024]);
  }
});

const FAULTS: Readonly<Record<string, string>> = {
  "--no-descriptor": "0 descriptors in a reply, expected 1",
  "--two-descriptors": "2 descriptors in a reply, expected 1",
  "--wrong-version": "version 2, expected 1",
  "--wrong-request": "request 1, expected 2",
  "--garbage": "version 5, expected 1",
};

for (const [fault, message] of Object.entries(FAULTS)) {
  claim(`a broker with ${fault} is told from a good one, and nothing leaks`, async () => {
    const address = ownName();
    await using _broker = await PythonBroker.start(address, fault);
    const error = await assertRejects(() => requestPair({ address, key: "k" }), ProtocolError);
    assertInstanceOf(error, ProtocolError);
    assertEquals(error.message, message);
  });
}
