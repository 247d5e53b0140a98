import type { Body, Direct } from './direct.ts';

/** A request of an agent that lies whole in some bytes. */
export interface AgentRequest {
  /** The bearer credential, unverified. */
  credential: string;
  body: Body;
}

/** A field's name is a token, its value printable ASCII or tabs (RFC 9110, 5.1 and 5.5); as many fields as Node is let read. */
const FIELDS = /(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*\r\n){1,64}\r\n/y;
/** Node reads heads up to twice as long. */
const LONGEST_HEAD = 8_192;
export const BEARER = 'Bearer ';

/**
 * Reads one whole request as an agent, or a proxy in front of it, sends it. Of what HTTP allows this reads only what cannot be read in two
 * ways: each field that matters once, a body with a length, and nothing after it. `more` is such a request without the rest of its
 * body; undefined is anything else, which Node's parser has to judge. agentRequest.test.ts holds it to what that parser reads.
 */
export function createAgentReader({ path, type }: Pick<Direct, 'path' | 'type'>, bodyLimit: number) {
  const start = `POST ${path} HTTP/1.1\r\n`;
  return (bytes: Buffer): AgentRequest | 'more' | undefined => {
    const text = bytes.toString('latin1', 0, LONGEST_HEAD + bodyLimit + 1);
    if (!text.startsWith(start)) return undefined;
    FIELDS.lastIndex = start.length;
    if (!FIELDS.test(text)) return undefined;
    const bodyAt = FIELDS.lastIndex;
    if (bodyAt > LONGEST_HEAD) return undefined;
    let seen = 0;
    let length = 0;
    let credential = '';
    for (let at = start.length; at < bodyAt - 2; ) {
      const colon = text.indexOf(':', at);
      const end = text.indexOf('\r\n', colon);
      const field = fieldNamed(text, at, colon);
      if ((seen & field) !== 0) return undefined;
      seen |= field;
      if (field === REFUSED) return undefined;
      if (field > HOST) {
        // One space, as all of them send it.
        const value = text.slice(colon + 2, end);
        if (text.charCodeAt(colon + 1) !== 32) return undefined;
        if ((field === CONTENT_TYPE || field === ACCEPT) && value !== type) return undefined;
        if (field === CONNECTION && value.toLowerCase() !== 'keep-alive') return undefined;
        if (field === LENGTH) length = lengthOf(value, bodyLimit);
        if (field === AUTHORIZATION) {
          if (!value.startsWith(BEARER)) return undefined;
          // A text of its own: a part of the whole would keep all of it.
          credential = bytes.toString('latin1', colon + 2 + BEARER.length, end);
        }
      }
      at = end + 2;
    }
    if ((seen & NEEDED) !== NEEDED || length === 0) return undefined;
    const missing = bodyAt + length - bytes.length;
    if (missing !== 0) return missing > 0 ? 'more' : undefined;
    return { credential, body: { bytes, text, at: bodyAt } };
  };
}

const HOST = 1;
const CONTENT_TYPE = 2;
const ACCEPT = 4;
const AUTHORIZATION = 8;
const LENGTH = 16;
const CONNECTION = 32;
const REFUSED = 64;
const NEEDED = HOST | CONTENT_TYPE | ACCEPT | AUTHORIZATION | LENGTH;

/** Fields that say how the request is to be read, or that may come once. `proxy-connection` counts as `connection` in Node's parser. */
const NAMED: ReadonlyMap<string, number> = new Map([
  ['host', HOST],
  ['content-type', CONTENT_TYPE],
  ['accept', ACCEPT],
  ['authorization', AUTHORIZATION],
  ['content-length', LENGTH],
  ['connection', CONNECTION],
  ...['transfer-encoding', 'proxy-connection', 'upgrade', 'expect', 'trailer', 'te'].map(
    (name) => [name, REFUSED] as const,
  ),
]);
/** By length, so that few other names are made into texts. */
const LENGTHS = new Set([...NAMED.keys()].map(({ length }) => length));

/** 0 for a field that changes nothing here. */
function fieldNamed(text: string, from: number, to: number): number {
  if (!LENGTHS.has(to - from)) return 0;
  return NAMED.get(text.slice(from, to).toLowerCase()) ?? 0;
}

/** In bytes; 0 for what is not read here. */
export function lengthOf(value: string, most: number): number {
  const length = /^[1-9][0-9]{0,8}$/.test(value) ? Number(value) : 0;
  return length <= most ? length : 0;
}
