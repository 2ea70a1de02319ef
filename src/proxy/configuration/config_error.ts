/**
 * What is wrong with a configuration, all of it at once.
 *
 * @module
 */

/** One fault of a configuration. */
export interface ConfigFault {
  /** The line, from 1 on. */
  readonly line: number;
  /** The column in characters, from 1 on. */
  readonly column: number;
  /** What is wrong, in a sentence. */
  readonly message: string;
}

/** Thrown for a configuration that cannot be used; the message has a line for each fault. */
export class ConfigError extends Error {
  /** The class name, for those who print errors. */
  override readonly name = "ConfigError";
  /** The faults in the order of their places; none if the file cannot be read at all. */
  readonly faults: readonly ConfigFault[];

  /**
   * Makes an error of all faults.
   *
   * @param message A line for each.
   * @param faults The faults.
   */
  constructor(message: string, faults: readonly ConfigFault[] = []) {
    super(message);
    this.faults = faults;
  }

  /**
   * Makes an error of the faults of a file.
   *
   * @param file The name of the file, for messages.
   * @param faults Its faults, in any order.
   * @returns The error.
   */
  static of(file: string, faults: readonly ConfigFault[]): ConfigError {
    const lineOf = (fault: ConfigFault): string => `${file}:${fault.line}:${fault.column}: ${fault.message}`;
    const sorted = faults.toSorted((one, other) => one.line - other.line || one.column - other.column);
    // What several aliases stand for is read as often as there are aliases.
    const distinct = new Map(sorted.map((fault) => [lineOf(fault), fault]));
    return new ConfigError([...distinct.keys()].join("\n"), [...distinct.values()]);
  }
}
