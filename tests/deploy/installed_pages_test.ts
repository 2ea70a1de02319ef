import { assert, assertEquals } from "@std/assert";
import { releases } from "../../deploy/changelog.ts";
import { installation } from "../../deploy/installation.ts";
import { claim } from "../claim.ts";

claim("every link of the pages that are installed leads to what is installed", () => {
  const places = { program: "/bin/true", prefix: "/usr", zsh: "share/zsh" };
  const files = installation(places, releases()[0]);
  let links = 0;
  for (const [path, entry] of files) {
    if (!path.endsWith(".md")) continue;
    assert("content" in entry && typeof entry.content === "string", path);
    for (const [, target] of entry.content.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)) {
      links += 1;
      assert(files.has(new URL(target, `file:///${path}`).pathname.slice(1)), `${path}: there is no ${target}`);
    }
  }
  assert(links > 50, `${links}`);
  assertEquals(files.has("share/doc/ipcx/SECURITY.md"), true);
});
