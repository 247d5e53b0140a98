import type { IncomingHttpHeaders } from 'node:http';

/** One request of an agent and what it was answered, in either format of the protocol. */
export interface Exchange {
  /** Monotonic, ms: when the request was complete, and when its answer went out. */
  at: number;
  answeredAt?: number;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Fields of the body as text, nested ones with dots; a list's items are joined by newlines. */
  fields: ReadonlyMap<string, string>;
  /** Undefined where the connection was cut without an answer. */
  status?: number;
  /** Fields of the answer, in the same way. */
  answer: ReadonlyMap<string, string>;
  /** Whether the gateway itself answered, as a test did otherwise. */
  isGateways: boolean;
}

/** @throws SyntaxError for a body that says that it is JSON and is not */
export function fieldsOf(contentType: string | undefined, text: string): Map<string, string> {
  if (text === '') return new Map();
  if (contentType?.startsWith('application/json')) return new Map(flatten(JSON.parse(text), ''));
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [name = '', value = ''] = line.split(' ');
      return name === '' ? [] : [[name, Buffer.from(value, 'base64').toString()]];
    }),
  );
}

function* flatten(value: unknown, name: string): Generator<[string, string]> {
  if (Array.isArray(value)) yield [name, value.join('\n')];
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value))
      yield* flatten(inner, name === '' ? key : `${name}.${key}`);
  else if (value !== undefined && value !== null) yield [name, String(value)];
}

/** Something that the protocol does not know, in an answer of the gateway's. */
export function withUnknownFields(contentType: string | undefined, text: string): string {
  if (!contentType?.startsWith('application/json'))
    return `${text}future.word ${Buffer.from('new').toString('base64')}\n`;
  return JSON.stringify({ ...(JSON.parse(text) as object), future: { word: 'new', list: [1, 2] } });
}
