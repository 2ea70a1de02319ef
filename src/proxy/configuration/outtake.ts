/**
 * Where on the reply socket a process answers.
 *
 * @module
 */

const REQUEST_ID = "{req_id}";

/**
 * Reads an `outtake`.
 *
 * @param text `usocket://` and a path with one `{req_id}`.
 * @returns The path, such as `/uri/{req_id}`.
 * @throws {Error} If it is none.
 */
export function parseOuttake(text: string): string {
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(text) ?? [];
  if (scheme === undefined) throw new Error(`'${text}' is no URL: write one as usocket://uri/{req_id}`);
  if (scheme !== "usocket") throw new Error(`'${scheme}' is no scheme for answers: there is only usocket`);
  const pieces = rest.split(REQUEST_ID);
  if (pieces.length !== 2) throw new Error(`'${text}' must have {req_id} in it, once`);
  if (!/^[A-Za-z0-9\/._~!$&'()*+,;=:@-]*$/.test(pieces.join(""))) {
    throw new Error(`'${text}' has characters in it that cannot be in the path of a URL`);
  }
  return `/${rest.replace(/^\/+/, "")}`;
}
