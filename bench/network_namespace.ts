/** A network namespace for as long as somebody is in it. */

/** A namespace by its file; disposing of it ends the process that keeps it. */
export interface NetworkNamespace extends AsyncDisposable {
  file: string;
}

/** Makes a network namespace. */
export async function makeNetworkNamespace(): Promise<NetworkNamespace> {
  // The line comes when the namespace is there; the end of standard input is the end of cat.
  const child = new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", "echo; exec cat"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  const dispose = async () => {
    await child.stdin.close();
    await reader.cancel();
    await child.status;
  };
  if (done) {
    await dispose();
    throw new Error("no network namespace can be made: run it as root");
  }
  return { file: `/proc/${child.pid}/ns/net`, [Symbol.asyncDispose]: dispose };
}
