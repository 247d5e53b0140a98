import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromLines, toLines } from '../base/lines.ts';
import { readBySchema } from './heartbeat.ts';
import { plainHeartbeat } from './plainHeartbeat.ts';

const HEX = 'a'.repeat(64);
const PLAIN = {
  number: '1',
  boot: '3',
  seq: '17',
  env: `k1x0123abcd:${HEX}`,
  agent: 'sh/1',
  url: 'http://10.0.0.9:8080',
  activeTasks: '0',
  acknowledged: 'true',
  ca: HEX,
};

/** What the schemas make of it; undefined where they refuse it, or ignore a field. */
function bySchema(body: unknown): unknown {
  try {
    const { said, ignored } = readBySchema(body);
    return ignored.length === 0 ? said : undefined;
  } catch {
    return undefined;
  }
}

/** At each field's edges, around them, and of other types. */
const integers = [
  '0',
  '1',
  '01',
  '-1',
  '1.5',
  '1e3',
  ' 1',
  '',
  '2147483647',
  '2147483648',
  '9'.repeat(15),
  '9'.repeat(16),
];
const texts = [
  `k1:${HEX}`,
  `k1:${HEX}0`,
  HEX,
  `${HEX}\n`,
  'sh/1',
  'a'.repeat(64),
  'a'.repeat(65),
  'a\0b',
  'http://a',
  'http://',
  `http://${'a'.repeat(2041)}`,
  `http://${'a'.repeat(2042)}`,
  'javascript:1',
];
const words = ['true', 'false', 'perhaps', 'CommandFailing', 'constructor', 'true\n'];
const sequences = ['100000000000000', '100000000000001'];
const value = fc.oneof(
  fc.constantFrom<unknown>(
    ...integers,
    ...sequences,
    ...texts,
    ...words,
    1,
    0,
    1.5,
    true,
    null,
    undefined,
    {},
    [],
    ['1'],
  ),
  fc.string(),
);
const name = fc.constantFrom(
  ...Object.keys(PLAIN),
  'interruption',
  'trouble',
  'other',
  '__proto__',
  'constructor',
);
const body = fc
  .tuple(fc.constantFrom({}, PLAIN, PLAIN), fc.array(fc.tuple(name, value), { maxLength: 3 }), fc.boolean())
  .map(([start, changes, bare]) => {
    const fields: Record<string, unknown> = bare ? Object.create(null) : {};
    for (const [field, is] of [...Object.entries(start), ...changes])
      Object.defineProperty(fields, field, {
        value: is,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return fields;
  });

describe('what is read without the schemas', () => {
  test('is what the schemas make of it, for any body', () => {
    fc.assert(
      fc.property(fc.oneof(body, fc.anything()), (input) => {
        const plain = plainHeartbeat(input);
        if (plain !== undefined) expect(plain).toEqual(bySchema(input));
      }),
      { numRuns: 20_000 },
    );
  });

  test('is all that an agent says with nothing to report', () => {
    const { url, activeTasks, acknowledged, ca, ...least } = PLAIN;
    for (const said of [least, { ...least, ca }, { ...least, url, activeTasks, acknowledged }, PLAIN]) {
      const body = fromLines(toLines(said));
      expect(plainHeartbeat(body)).toEqual(bySchema(body));
      expect(plainHeartbeat(body)).toBeDefined();
    }
  });
});
