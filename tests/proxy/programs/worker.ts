/**
 * A worker in Deno: it asks at two connections at once, so that it works at two requests at once.
 *
 * @module
 */

const client = Deno.createHttpClient({ proxy: { transport: "unix", path: Deno.env.get("REPLY_SOCKET")! } });

async function work(): Promise<void> {
  for (;;) {
    const request = await fetch(Deno.env.get("NEXT_URL")!, { client });
    const payload = await request.text();
    if (request.status === 410) return;
    if (request.status !== 200) continue;
    const answer = await fetch(request.headers.get("urocket-reply-url")!, {
      client,
      method: "POST",
      headers: { "urocket-status": "201", "urocket-header-x-worker": `${Deno.pid}` },
      body: payload.toUpperCase(),
    });
    await answer.body?.cancel();
  }
}

await Promise.all([work(), work()]);
