import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Router } from "../../src/proxy/router.ts";
import { claim } from "../claim.ts";

function routerOf(...paths: readonly string[]): Router<string> {
  const router = new Router<string>();
  for (const one of paths) {
    const [method, path] = /^[A-Z]/.test(one) ? one.split(" ") : ["GET", one];
    router.add(path, method, one);
  }
  return router;
}

/** The route that is taken, and its parameters as they would be written in a query. */
function taken(router: Router<string>, path: string, method = "GET"): string {
  const found = router.find(path, method);
  if (!("target" in found)) return `none: ${found.allowed.join(",")}`;
  return [found.target, ...Object.entries(found.parameters).map(([name, value]) => `${name}=${value}`)].join(" ");
}

claim("what is written out goes before what a placeholder stands for, as deep as it goes", () => {
  const router = routerOf("/pets/{id}", "/pets/mine", "/pets/{id}/toys", "/pets/mine/{toy}", "/{a}/{b}", "/");
  assertEquals(taken(router, "/pets/mine"), "/pets/mine");
  assertEquals(taken(router, "/pets/7"), "/pets/{id} id=7");
  assertEquals(taken(router, "/pets/mine/toys"), "/pets/mine/{toy} toy=toys");
  assertEquals(taken(router, "/pets/7/toys"), "/pets/{id}/toys id=7");
  assertEquals(taken(router, "/x/y"), "/{a}/{b} a=x b=y");
  assertEquals(taken(router, "/"), "/");
});

claim("a path that leads nowhere further on is tried another way", () => {
  const router = routerOf("/a/b/c", "/a/{x}/d", "/{y}/b/e", "POST /a/b/c");
  assertEquals(taken(router, "/a/b/d"), "/a/{x}/d x=b");
  assertEquals(taken(router, "/a/b/e"), "/{y}/b/e y=a");
  assertEquals(taken(router, "/a/b/f"), "none: ");
});

claim("more that is written out in a segment goes before less", () => {
  const router = routerOf("/f/{name}", "/f/{name}.json", "/f/{name}.{type}", "/f/v{major}.{minor}");
  assertEquals(taken(router, "/f/a.json"), "/f/{name}.json name=a");
  assertEquals(taken(router, "/f/a.xml"), "/f/{name}.{type} name=a type=xml");
  assertEquals(taken(router, "/f/v1.2"), "/f/v{major}.{minor} major=1 minor=2");
  assertEquals(taken(router, "/f/.json"), "/f/{name} name=.json");
  assertEquals(taken(router, "/f/a.b.json"), "/f/{name}.json name=a.b");
});

claim("a segment has to be there, and a slash at the end is one more", () => {
  const router = routerOf("/a", "/b/{x}", "/c/");
  for (const path of ["/a/", "/b/", "/b", "/c", "//a", "", "a", "*"]) assertEquals(taken(router, path), "none: ", path);
  assertEquals(taken(router, "/c/"), "/c/");
});

claim("segments are decoded after they were told apart; what is not properly encoded is an error", () => {
  const router = routerOf("/a/{x}", "/caf\u00e9", "/a b");
  assertEquals(taken(router, "/a/b%2Fc%20d"), "/a/{x} x=b/c d");
  assertEquals(taken(router, "/a/%E2%82%AC"), "/a/{x} x=€");
  assertEquals(taken(router, "/%61/b"), "/a/{x} x=b");
  assertEquals(taken(router, "/caf%C3%A9"), "/caf\u00e9");
  assertEquals(taken(router, "/a%20b"), "/a b");
  assertEquals(taken(router, "/a/..%2f"), "/a/{x} x=../");
  for (const path of ["/a/%", "/a/%zz", "/a/%ff", "/%c3/x"]) assertThrows(() => router.find(path, "GET"), URIError);
});

claim("verbs that a path has are told, over all routes that fit; HEAD goes with GET", () => {
  const router = routerOf("/a", "POST /a", "DELETE /{x}", "HEAD /b", "/b");
  assertEquals(taken(router, "/a", "PUT"), "none: DELETE,GET,HEAD,POST");
  assertEquals(taken(router, "/x", "GET"), "none: DELETE");
  assertEquals(taken(router, "/x/y", "GET"), "none: ");
  assertEquals(taken(router, "/a", "HEAD"), "/a");
  assertEquals(taken(router, "/b", "HEAD"), "HEAD /b");
  assertEquals(taken(router, "/a", "DELETE"), "DELETE /{x} x=a");
  assertEquals(taken(router, "/a", "constructor"), "none: DELETE,GET,HEAD,POST");
});

claim("a route that answers the same requests cannot be added twice", () => {
  const router = routerOf("/a/{x}", "/b/{x}.json");
  assertThrows(() => router.add("/a/{y}", "GET", ""), Error, "GET /a/{y} leads somewhere already");
  assertThrows(() => router.add("/b/{y}.json", "GET", ""), Error, "leads somewhere already");
  router.add("/a/{y}", "POST", "POST /a/{y}");
  assertEquals(taken(router, "/a/1", "POST"), "POST /a/{y} y=1");
  assertEquals(taken(router, "/a/1"), "/a/{x} x=1");
});

claim("names that every object has are names like others", () => {
  const router = routerOf("/{constructor}/{__proto__}/toString", "/__proto__", "/constructor/{x}");
  assertEquals(taken(router, "/1/2/toString"), "/{constructor}/{__proto__}/toString constructor=1 __proto__=2");
  assertEquals(taken(router, "/__proto__"), "/__proto__");
  assertEquals(taken(router, "/hasOwnProperty"), "none: ");
});

claim("no path takes long, whatever it is made of", () => {
  const router = routerOf(
    "/{a}-{b}-{c}-{d}-{e}.json",
    ...Array.from({ length: 12 }, (_, at) => `/${"{x}/a/".repeat(at)}z`),
  );
  const began = performance.now();
  assertEquals(taken(router, `/${"-".repeat(100_000)}x`), "none: ");
  assertEquals(taken(router, `/${"a/".repeat(30_000)}x`), "none: ");
  assert(performance.now() - began < 10_000);
});

/** The routes that fit a path, by the words of OpenAPI: segment for segment, a placeholder for anything but nothing. */
function fits(template: string, path: string): boolean {
  const segments = template.split("/"), parts = path.split("/");
  return segments.length === parts.length &&
    segments.every((segment, at) => /^\{/.test(segment) ? parts[at] !== "" : segment === parts[at]);
}

/** Of two that fit, the one is taken that has text where the other has its first placeholder. */
function isMoreConcrete(one: string, other: string): boolean {
  const placeholders = (template: string) => template.split("/").map((segment) => segment.startsWith("{"));
  const first = placeholders(one), second = placeholders(other);
  const at = first.findIndex((is, index) => is !== second[index]);
  return at >= 0 && !first[at];
}

claim("whatever the routes and the path, the most concrete one that fits is taken", () => {
  const segment = fc.constantFrom("a", "b", "{x}", "c");
  const template = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) =>
    `/${parts.map((part, at) => part === "{x}" ? `{x${at}}` : part).join("/")}`
  );
  const path = fc.array(fc.constantFrom("a", "b", "c", "d", ""), { minLength: 1, maxLength: 4 }).map((parts) =>
    `/${parts.join("/")}`
  );
  fc.assert(fc.property(fc.uniqueArray(template, { maxLength: 12 }), path, (templates, asked) => {
    const router = new Router<string>();
    for (const one of templates) router.add(one, "GET", one);
    const fitting = templates.filter((one) => fits(one, asked));
    const best = fitting.find((one) => fitting.every((other) => other === one || isMoreConcrete(one, other)));
    const found = router.find(asked, "GET");
    assertEquals("target" in found ? found.target : undefined, best);
    if ("target" in found) {
      const parts = asked.split("/");
      const expected = found.target.split("/").flatMap((part, at) => part.startsWith("{") ? [parts[at]] : []);
      assertEquals(Object.values(found.parameters), expected);
    }
  }));
});

claim("several placeholders of a segment stand for what a regular expression would find", () => {
  const texts = fc.array(fc.constantFrom("", "-", ".", "-.", "ab"), { minLength: 2, maxLength: 5 });
  const path = fc.array(fc.constantFrom("-", ".", "a", "b", "ab"), { minLength: 1, maxLength: 12 }).map((parts) =>
    parts.join("")
  );
  fc.assert(fc.property(texts, path, (written, asked) => {
    const router = new Router<string>();
    const template = written.map((text, at) => at === 0 ? text : `{x${at}}${text}`).join("");
    router.add(`/${template}`, "GET", template);
    const source = written.map((text) => text.replaceAll(/[.-]/g, "\\$&")).join("(.+?)");
    const match = new RegExp(`^${source}$`).exec(asked);
    const found = router.find(`/${asked}`, "GET");
    assertEquals("target" in found ? Object.values(found.parameters) : undefined, match?.slice(1));
  }));
});
