/** The least that a server in this runtime does: what of a gateway's time is HTTP. */

import { createServer } from "node:http";

const [port] = Deno.args;
createServer((_request, response) => {
  response.writeHead(200, ["content-type", "text/plain", "content-length", "6"]);
  response.end("hello\n");
}).listen(Number(port), "127.0.0.1");
