/**
 * Which route a request takes, with the precedence of OpenAPI: what is written
 * out goes before what a placeholder stands for (OpenAPI 3.1, 4.8.8.2).
 *
 * @module
 */

/** A part of a path between two slashes. */
interface Segment {
  /** What is written out: before, between and after the placeholders; all of it if there are none. */
  readonly texts: readonly string[];
  /** The placeholders in order. */
  readonly names: readonly string[];
}

/** A place in the tree of paths. */
class Node<Target> {
  readonly written = new Map<string, Node<Target>>();
  readonly templated: { readonly segment: Segment; readonly next: Node<Target> }[] = [];
  readonly targets = new Map<string, { readonly target: Target; readonly names: readonly string[] }>();
}

/** What was found. */
export interface Found<Target> {
  /** The route. */
  readonly target: Target;
  /** What its placeholders stand for, decoded. */
  readonly parameters: Record<string, string>;
}

/** What was not. */
export interface NotFound {
  /** The verbs that this path has; none if there is no such path. */
  readonly allowed: readonly string[];
}

function segmentOf(text: string): Segment {
  const parts = text.split(/\{([^{}]*)\}/);
  return { texts: parts.filter((_, at) => at % 2 === 0), names: parts.filter((_, at) => at % 2 === 1) };
}

/** How much of a segment is written out: `{id}.json` goes before `{id}`. */
function writtenLength({ texts }: Segment): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}

/**
 * What the placeholders of a segment stand for, each for as little as possible;
 * `undefined` if it does not fit. Unlike a regular expression it never looks at
 * anything twice, whatever a client sends.
 */
function valuesIn(text: string, { texts }: Segment): string[] | undefined {
  const last = texts[texts.length - 1];
  const end = text.length - last.length;
  if (!text.startsWith(texts[0]) || !text.endsWith(last)) return undefined;
  const values: string[] = [];
  let at = texts[0].length;
  for (const written of texts.slice(1, -1)) {
    const found = text.indexOf(written, at + 1);
    if (found < 0) return undefined;
    values.push(text.slice(at, found));
    at = found + written.length;
  }
  if (at >= end) return undefined;
  return [...values, text.slice(at, end)];
}

/** Routes by path and verb. */
export class Router<Target> {
  readonly #root = new Node<Target>();

  /**
   * Adds a route.
   *
   * @param path The path, with placeholders such as `{id}`.
   * @param method The verb, in capitals.
   * @param target What it leads to.
   * @throws {Error} If that verb of that path leads somewhere already, whatever its placeholders are called.
   */
  add(path: string, method: string, target: Target): void {
    let node = this.#root;
    const names: string[] = [];
    for (const text of path.split("/").slice(1)) {
      const segment = segmentOf(text);
      names.push(...segment.names);
      node = this.#next(node, segment);
    }
    if (node.targets.has(method)) throw new Error(`${method} ${path} leads somewhere already`);
    node.targets.set(method, { target, names });
  }

  #next(node: Node<Target>, segment: Segment): Node<Target> {
    if (segment.names.length === 0) {
      const [text] = segment.texts;
      const next = node.written.get(text) ?? new Node<Target>();
      node.written.set(text, next);
      return next;
    }
    // No text has a brace in it.
    const same = node.templated.find((one) => one.segment.texts.join("{}") === segment.texts.join("{}"));
    if (same) return same.next;
    const next = new Node<Target>();
    node.templated.push({ segment, next });
    node.templated.sort((one, other) => writtenLength(other.segment) - writtenLength(one.segment));
    return next;
  }

  /**
   * Finds the route of a request.
   *
   * @param path The path as it was sent, percent-encoded, without the query.
   * @param method The verb, in capitals; HEAD takes the route of GET where it has none of its own.
   * @returns The route, or which verbs there are.
   * @throws {URIError} If the path is not properly encoded.
   */
  find(path: string, method: string): Found<Target> | NotFound {
    if (!path.startsWith("/")) return { allowed: [] };
    const segments = path.slice(1).split("/").map((part) => part.includes("%") ? decodeURIComponent(part) : part);
    const allowed = new Set<string>();
    const values: string[] = [];
    const found = this.#walk(this.#root, segments, 0, values, method, allowed);
    if (!found) return { allowed: Array.from(allowed).sort() };
    const parameters: Record<string, string> = Object.create(null);
    found.names.forEach((name, at) => parameters[name] = values[at]);
    return { target: found.target, parameters };
  }

  #walk(
    node: Node<Target>,
    segments: readonly string[],
    at: number,
    values: string[],
    method: string,
    allowed: Set<string>,
  ): { readonly target: Target; readonly names: readonly string[] } | undefined {
    if (at === segments.length) {
      for (const verb of node.targets.keys()) allowed.add(verb);
      if (node.targets.has("GET")) allowed.add("HEAD");
      return node.targets.get(method) ?? (method === "HEAD" ? node.targets.get("GET") : undefined);
    }
    const written = node.written.get(segments[at]);
    const found = written && this.#walk(written, segments, at + 1, values, method, allowed);
    if (found) return found;
    for (const { segment, next } of node.templated) {
      const found = valuesIn(segments[at], segment);
      if (!found) continue;
      const before = values.length;
      values.push(...found);
      const deeper = this.#walk(next, segments, at + 1, values, method, allowed);
      if (deeper) return deeper;
      values.length = before;
    }
  }
}
