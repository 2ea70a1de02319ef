/**
 * The output of a process, line by line.
 *
 * @module
 */

/**
 * Reads a stream to its end.
 *
 * @param stream The stream.
 * @param take Called with each line.
 */
export async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}
