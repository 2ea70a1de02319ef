import { assertEquals } from "@std/assert";
import { ROUTE_HEADINGS, routesTable } from "../../src/proxy/routes_table.ts";
import { claim } from "../claim.ts";
import { ConfigFolder, configOf } from "./configuring.ts";

claim("the table has a row a route, in the order of the file", () => {
  using folder = new ConfigFolder();
  folder.write("api.yaml", "");
  const config = configOf(
    `socketpath: /s
openapi: api.yaml
paths:
  /b/{id}:
    get:
      validatein: true
      validateout: report
      inject: {cmd: [echo, "{{path.id}}", "a b", ""], channel: cmdline, timeout: 1500}
    post: {answer: stdout, output: cgi, async: true, inject: {cmd: [sh, -c, "true\\ntrue"], timeout: 2m}}
  /a:
    put: {validateout: true, limits: {concurrency: 3}, inject: {cmd: cat, mode: worker, workers: 4}}
    delete: {inject: {cmd: cat, mode: worker}}
`,
    folder.path,
  );
  assertEquals(routesTable(config), [
    ["GET", "/b/{id}", "cmdline", "outtake", "1500 ms", "64", "in, out (report)", "echo {{path.id}} 'a b' ''"],
    ["POST", "/b/{id}", "-", "stdout, cgi, async", "120 s", "64", "-", "sh -c 'true true'"],
    ["PUT", "/a", "-", "4 workers", "1 s", "3", "out", "cat"],
    ["DELETE", "/a", "-", "worker", "1 s", "64", "-", "cat"],
  ]);
  for (const row of routesTable(config)) assertEquals(row.length, ROUTE_HEADINGS.length);
});
