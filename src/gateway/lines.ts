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

const LINE = /^([A-Za-z][A-Za-z0-9_.]{0,255}) ?([A-Za-z0-9+/]*={0,2})$/;

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

/** Undefined when a line is not in the format or a field comes twice. */
export function fromLines(text: string): Record<string, string> | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, Buffer.from(value, 'base64').toString('utf8'));
  }
  return Object.fromEntries(fields);
}

function isGroup(value: AnswerValue): value is Answer {
  return typeof value === 'object' && !Buffer.isBuffer(value) && !Array.isArray(value);
}

function encode(value: Exclude<AnswerValue, undefined | Answer>): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'object' ? value.join('\n') : String(value));
}
