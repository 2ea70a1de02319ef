import { assert, assertEquals } from "@std/assert";
import { type PendingRequest, PendingRequests } from "../../src/proxy/pending.ts";
import type { Answer } from "../../src/proxy/request.ts";
import { claim } from "../claim.ts";

const ANSWER: Answer = { status: 200, headers: [], body: new Uint8Array() };

class Waiting implements PendingRequest {
  readonly maxBytes = 1;
  readonly replyFrom = "anyone";
  readonly answers: Answer[] = [];
  whenStarted(then: () => void): void {
    then();
  }
  mayAnswer(): boolean {
    return true;
  }
  onAnswer(answer: Answer): void {
    this.answers.push(answer);
  }
  onTooLarge(): void {}
}

claim("a request is answered once", () => {
  const pending = new PendingRequests();
  const one = new Waiting();
  pending.add("one", one);
  assert(pending.find("one") === one);
  assertEquals(pending.size, 1);
  assertEquals([pending.answer("one", ANSWER), pending.answer("one", ANSWER)], [true, false]);
  assertEquals([pending.find("one"), pending.size, one.answers], ["answered", 0, [ANSWER]]);
});

claim("a request that nobody may answer any more is unknown, as others are", () => {
  const pending = new PendingRequests();
  const one = new Waiting();
  pending.add("one", one);
  pending.expire("one");
  pending.expire("two");
  assertEquals([pending.find("one"), pending.find("two"), pending.answer("one", ANSWER)], [
    undefined,
    undefined,
    false,
  ]);
  assertEquals([one.answers, pending.size], [[], 0]);
});

claim("what was answered long ago is forgotten, so that memory does not grow", () => {
  const pending = new PendingRequests();
  for (let count = 0; count < 30_001; count++) {
    pending.add(`${count}`, new Waiting());
    pending.answer(`${count}`, ANSWER);
  }
  assertEquals([pending.find("0"), pending.find("30000"), pending.find("20001")], [undefined, "answered", "answered"]);
});

claim("an answer that leads to another request's end finds everything in order", () => {
  const pending = new PendingRequests();
  const one = new Waiting();
  one.onAnswer = () => {
    assertEquals(pending.find("one"), "answered");
    pending.expire("two");
  };
  pending.add("one", one);
  pending.add("two", new Waiting());
  assertEquals(pending.answer("one", ANSWER), true);
  assertEquals(pending.size, 0);
});
