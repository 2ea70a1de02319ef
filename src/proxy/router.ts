/**
 * Which route a request takes, with the precedence of OpenAPI: what is written
 * out goes before what a placeholder stands for (OpenAPI 3.1, 4.8.8.2).
 *
 * @module
 */

/** A part of a path between two slashes: written out, or with placeholders. */
interface Segment {
  /** The text, if there are no placeholders. */
  readonly text?: string;
  /** What it has to look like otherwise, with a group for each placeholder. */
  readonly pattern?: RegExp;
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

function escapeForPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function segmentOf(text: string): Segment {
  const parts = text.split(/\{([^{}]*)\}/);
  if (parts.length === 1) return { text, names: [] };
  const names = parts.filter((_, at) => at % 2 === 1);
  const source = parts.map((part, at) => at % 2 === 1 ? "(.+?)" : escapeForPattern(part)).join("");
  return { pattern: new RegExp(`^${source}$`, "s"), names };
}

/** How much of a segment is written out: `{id}.json` goes before `{id}`. */
function writtenLength({ pattern, names }: Segment): number {
  return pattern!.source.length - names.length * "(.+?)".length;
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
    if (segment.text !== undefined) {
      const next = node.written.get(segment.text) ?? new Node<Target>();
      node.written.set(segment.text, next);
      return next;
    }
    const same = node.templated.find((one) => one.segment.pattern!.source === segment.pattern!.source);
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
      const match = segment.pattern!.exec(segments[at]);
      if (!match) continue;
      const before = values.length;
      values.push(...match.slice(1));
      const deeper = this.#walk(next, segments, at + 1, values, method, allowed);
      if (deeper) return deeper;
      values.length = before;
    }
  }
}
