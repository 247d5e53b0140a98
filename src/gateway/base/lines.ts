/**
 * The line format for agents without a JSON parser: one field a line, `NAME base64`.
 * Nested fields are joined by a dot, items of a list by a newline inside the value.
 */

export const LINES_TYPE = 'text/plain';

export type AnswerValue =
  | string
  | number
  | boolean
  | Buffer
  | readonly string[]
  | undefined
  | { readonly [name: string]: AnswerValue };

/** Answers in both formats are made from this; a Buffer is bytes, in JSON as base64. */
export type Answer = { readonly [name: string]: AnswerValue };

const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,255}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export function toLines(answer: Answer, prefix = ''): string {
  let lines = '';
  for (const [name, value] of Object.entries(answer)) {
    if (value === undefined) continue;
    if (isGroup(value)) lines += toLines(value, `${prefix}${name}.`);
    else lines += `${prefix}${name} ${encode(value).toString('base64')}\n`;
  }
  return lines;
}

export function toJSON(answer: Answer): string {
  // The replacer sees a Buffer only after its toJSON; the holder still has it as it is.
  return JSON.stringify(answer, function (this: Answer, name, value: unknown) {
    const original = this[name];
    return Buffer.isBuffer(original) ? original.toString('base64') : value;
  });
}

/** A request's fields; names joined by dots form one object. */
export interface Fields {
  [name: string]: string | Fields;
}

/** Undefined when a line is not in the format, a field comes twice, or a name is both a value and a group. */
export function fromLines(text: string): Fields | undefined {
  const fields: Fields = Object.create(null);
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (end > start && !takeLine(fields, text.slice(start, end))) return undefined;
    start = end + 1;
  }
  return fields;
}

// The space alone parts name and value: where patterns could, some lines had many ways to be read, and took as long.
function takeLine(fields: Fields, line: string): boolean {
  const space = line.indexOf(' ');
  const name = space < 0 ? line : line.slice(0, space);
  const value = space < 0 ? '' : line.slice(space + 1);
  if (!NAME.test(name) || !BASE64.test(value)) return false;
  const decoded = fromBase64(value);
  if (name.includes('.')) return put(fields, name.split('.'), decoded);
  if (fields[name] !== undefined) return false;
  fields[name] = decoded;
  return true;
}

/** Decoded here where it fits: a Buffer of its own for each field costs each heartbeat. */
const scratch = Buffer.alloc(4_096);

function fromBase64(value: string): string {
  if (value.length > scratch.length) return Buffer.from(value, 'base64').toString('utf8');
  return scratch.toString('utf8', 0, scratch.write(value, 'base64'));
}

// Without a prototype, any name is only a name.
function put(into: Fields, [name = '', ...rest]: string[], value: string): boolean {
  const there = into[name];
  if (rest.length === 0) {
    if (there !== undefined) return false;
    into[name] = value;
    return true;
  }
  const group: Fields = there === undefined ? Object.create(null) : there;
  if (typeof group === 'string') return false;
  into[name] = group;
  return put(group, rest, value);
}

function isGroup(value: AnswerValue): value is Answer {
  return typeof value === 'object' && !Buffer.isBuffer(value) && !Array.isArray(value);
}

function encode(value: Exclude<AnswerValue, undefined | Answer>): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'object' ? value.join('\n') : String(value));
}
