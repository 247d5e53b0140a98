import type { HeartbeatRequest } from '../handlers/heartbeat.ts';
import { LARGEST, PATTERNS } from './bounds.ts';

/**
 * Reads what nearly every heartbeat in the line format is, without the schemas and without a Buffer or an object for each field.
 * The line format and the schemas decide: this gives what they give, or undefined, and then they are asked.
 * plainHeartbeat.test.ts holds it to that. A character is a byte (latin1); one beyond ASCII is in no field that is read here.
 */
export function plainHeartbeat(text: string, bodyAt: number): HeartbeatRequest | undefined {
  const heartbeat: HeartbeatRequest = { number: 0, boot: 0, seq: 0, env: '', acknowledged: false };
  let seen = 0;
  for (let start = bodyAt; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const space = text.indexOf(' ', start);
    if (space < 0 || space > end) return undefined;
    const name = text.slice(start, space);
    const length = decode(text, space + 1, end);
    const bit = BITS.get(name) ?? 0;
    if (length < 0 || bit === 0 || (seen & bit) !== 0 || !take(heartbeat, name, length)) return undefined;
    seen |= bit;
    start = end + 1;
  }
  return (seen & REQUIRED) === REQUIRED ? heartbeat : undefined;
}

const NAMES = ['number', 'boot', 'seq', 'env', 'agent', 'url', 'ca', 'activeTasks', 'acknowledged'];
const BITS: ReadonlyMap<string, number> = new Map(NAMES.map((name, index) => [name, 1 << index]));
/** The first four. */
const REQUIRED = 0b1111;

/** The decoded value stands in `scratch`. */
function take(into: HeartbeatRequest, name: string, length: number): boolean {
  switch (name) {
    case 'number':
      into.number = wholeNumber(length, 1, LARGEST.integer);
      return into.number >= 0;
    case 'boot':
      into.boot = wholeNumber(length, 1, LARGEST.integer);
      return into.boot >= 0;
    case 'seq':
      into.seq = wholeNumber(length, 1, LARGEST.sequence);
      return into.seq >= 0;
    case 'activeTasks':
      into.activeTasks = wholeNumber(length, 0, LARGEST.integer);
      return into.activeTasks >= 0;
    case 'acknowledged':
      into.acknowledged = text(length) === 'true';
      return into.acknowledged;
    case 'env':
      into.env = text(length);
      return length <= LARGEST.environmentDigest && PATTERNS.environmentDigest.test(into.env);
    case 'agent':
      into.agent = text(length);
      return length <= LARGEST.agent && PATTERNS.printable.test(into.agent);
    case 'url':
      into.url = text(length);
      return length <= LARGEST.url && PATTERNS.httpURL.test(into.url);
    case 'ca':
      into.ca = text(length);
      return PATTERNS.contentDigest.test(into.ca);
    default:
      return false;
  }
}

const scratch = Buffer.alloc(4_096);

function text(length: number): string {
  return scratch.toString('latin1', 0, length);
}

/** -1 for anything else. */
function wholeNumber(length: number, min: number, max: number): number {
  if (length < 1 || length > 15) return -1;
  let number = 0;
  for (let at = 0; at < length; at += 1) {
    const digit = (scratch[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number >= min && number <= max ? number : -1;
}

/** By character code: the six bits that a character of base64 stands for, or 64. */
const SIX_BITS = new Uint8Array(256).fill(64);
for (const [bits, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries())
  SIX_BITS[character.charCodeAt(0)] = bits;

/** Base64 with its padding into `scratch`; answers the number of bytes, or -1 for anything else, or for what is not all ASCII. */
function decode(from: string, start: number, end: number): number {
  const length = end - start;
  if (length % 4 !== 0 || length > 4_096) return -1;
  let padding = 0;
  if (length > 0 && from.charCodeAt(end - 1) === 61) padding = from.charCodeAt(end - 2) === 61 ? 2 : 1;
  let written = 0;
  let wrong = 0;
  for (let at = start; at < end; at += 4) {
    const last = at + 4 === end ? padding : 0;
    const a = SIX_BITS[from.charCodeAt(at)] ?? 64;
    const b = SIX_BITS[from.charCodeAt(at + 1)] ?? 64;
    const c = last === 2 ? 0 : (SIX_BITS[from.charCodeAt(at + 2)] ?? 64);
    const d = last > 0 ? 0 : (SIX_BITS[from.charCodeAt(at + 3)] ?? 64);
    const bytes = (a << 18) | (b << 12) | (c << 6) | d;
    wrong |= (a | b | c | d) & 64;
    // Bytes beyond ASCII.
    wrong |= bytes & 0x808080;
    scratch[written] = bytes >> 16;
    scratch[written + 1] = (bytes >> 8) & 255;
    scratch[written + 2] = bytes & 255;
    written += 3 - last;
  }
  return wrong === 0 ? written : -1;
}
