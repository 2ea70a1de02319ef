/**
 * Bytes from standard input and from files: whole, or line by line.
 *
 * @module
 */

const LINE_END = 0x0a;

async function joined(pieces: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return pieces.length === 1 ? pieces[0] : new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Something to read from. */
export interface Input {
  /** What it is called. */
  readonly name: string;
  /** Its bytes. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/**
 * Opens what `--data-file` names.
 *
 * @param file The file; `-` is standard input.
 * @param signal Ends it early.
 * @returns What to read from.
 * @throws {Error} As open(2).
 */
export async function openInput(file: string, signal?: AbortSignal): Promise<Input> {
  if (file === "-") return { name: "standard input", stream: Deno.stdin.readable, signal };
  return { name: file, stream: (await Deno.open(file)).readable, signal };
}

/**
 * Reads piece by piece.
 *
 * @param input What to read from.
 * @returns The pieces, as they come.
 * @throws {Error} With the name of the input.
 */
export async function* piecesOf({ name, stream, signal }: Input): AsyncIterableIterator<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const end = (): void => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", end);
  try {
    for (;;) {
      let result: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      try {
        result = await reader.read();
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`);
      }
      if (result.done) return;
      yield result.value;
    }
  } finally {
    signal?.removeEventListener("abort", end);
    await reader.cancel().catch(() => {});
  }
}

/**
 * Reads to the end, or until it is more than anybody wants.
 *
 * @param input What to read from.
 * @param maxBytes More than that is not wanted.
 * @returns The bytes; if there are more than `maxBytes`, perhaps not all.
 * @throws {Error} With the name of the input.
 */
export async function readAll(input: Input, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of piecesOf(input)) {
    pieces.push(piece);
    length += piece.length;
    if (length > maxBytes) break;
  }
  return await joined(pieces);
}

/** A line, without its end. */
export interface Line {
  /** Its number, from 1 on. */
  number: number;
  /** Its bytes: lines are decoded one by one, so that what is wrong with one is no matter of others. */
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads line by line, each as soon as it is there.
 *
 * @param input What to read from.
 * @param longest More bytes than that are not collected for a line.
 * @returns The lines; the last one need not have an end.
 * @throws {Error} With the name of the input, and the line's number if it is too long.
 */
export async function* linesOf(input: Input, longest: number): AsyncIterableIterator<Line> {
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let number = 1;
  for await (const chunk of piecesOf(input)) {
    let start = 0;
    for (let end; (end = chunk.indexOf(LINE_END, start)) >= 0; start = end + 1) {
      yield { number, bytes: await joined([...pieces, chunk.subarray(start, end)]) };
      pieces = [];
      length = 0;
      number++;
    }
    pieces.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > longest) throw new Error(`line ${number} of ${input.name} is longer than any message`);
  }
  if (length > 0) yield { number, bytes: await joined(pieces) };
}
