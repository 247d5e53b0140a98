import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toLines } from '../base/lines.ts';
import { linesIn } from '../http/http.ts';
import { readHeartbeat } from './heartbeat.ts';
import { plainHeartbeat as readPlain } from './plainHeartbeat.ts';

const BEFORE = 'seq MQ==\n';
/** As in a request, something stands before the body. */
const plainHeartbeat = (body: Buffer) => readPlain(BEFORE + body.toString('latin1'), BEFORE.length);

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

/** What the line format and the schemas make of it; undefined where they refuse it, or ignore a field. */
function bySchema(body: Buffer): unknown {
  try {
    const { said, ignored } = readHeartbeat(linesIn(body.toString()));
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
  fc.constantFrom(...integers, ...sequences, ...texts, ...words),
  fc.string(),
  fc.string({ unit: 'binary' }),
);
const name = fc.constantFrom(
  ...Object.keys(PLAIN),
  'interruption',
  'trouble',
  'other',
  '__proto__',
  'constructor',
  'number.boot',
  '',
  ' ',
);
/** As an agent encodes a value, and in other ways, some of which are read the same. */
const encode = fc.constantFrom<(is: string) => string>(
  (is) => Buffer.from(is).toString('base64'),
  (is) => Buffer.from(is).toString('base64'),
  (is) => Buffer.from(is).toString('base64').replace(/=+$/, ''),
  (is) =>
    Buffer.from(is)
      .toString('base64')
      .replace(/.(=*)$/, 'R$1'),
  (is) => `${Buffer.from(is).toString('base64')}=`,
  (is) => Buffer.from(is).toString('base64url'),
  (is) => `${Buffer.from(is).toString('base64')} `,
  (is) => Buffer.from(is, 'latin1').toString('base64'),
  (is) => is,
);
const line = fc.tuple(name, value, encode).map(([field, is, as]) => `${field} ${as(is)}`);
const base = fc.constantFrom({}, PLAIN, PLAIN, PLAIN);
const body = fc
  .tuple(base, fc.array(line, { maxLength: 3 }), fc.constantFrom('\n', '\n', '\n\n', '\r\n'), fc.boolean())
  .map(([start, more, between, ended]) => {
    const replaced = new Set(more.map((it) => it.split(' ')[0]));
    const kept = Object.entries(start).filter(([field]) => !replaced.has(field));
    const lines = [...kept.map(([field, is]) => toLines({ [field]: is }).trimEnd()), ...more];
    return Buffer.from(lines.join(between) + (ended ? between : ''));
  });

describe('what is read without the schemas', () => {
  test('is what the line format and the schemas make of it, for any body', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(body, fc.uint8Array().map(Buffer.from)), (input) => {
        const plain = plainHeartbeat(input);
        if (plain === undefined) return;
        read += 1;
        expect(plain).toEqual(bySchema(input));
      }),
      { numRuns: 8_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  test('is nothing, and nothing is thrown, for any bytes as many as a body may have', () => {
    const valid = Buffer.from(toLines(PLAIN));
    const broken = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Buffer.from(valid);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    const large = fc
      .tuple(
        fc.constantFrom('', 'env ', 'number ', 'a', '\n', 'env'),
        fc.nat(255),
        fc.nat(16_384),
        fc.boolean(),
      )
      .map(([start, byte, length, ends]) =>
        Buffer.concat([Buffer.from(start), Buffer.alloc(length, byte), Buffer.from(ends ? '\n' : '')]),
      );
    const bytes = fc.uint8Array({ maxLength: 16_384, size: 'max' }).map(Buffer.from);
    fc.assert(
      fc.property(fc.oneof(broken, large, bytes), (input) => {
        const plain = plainHeartbeat(input);
        if (plain) expect(plain).toEqual(bySchema(input));
        else bySchema(input);
      }),
      { numRuns: 500 },
    );
  });

  test('is all that an agent says with nothing to report', () => {
    const { url, activeTasks, acknowledged, ca, ...least } = PLAIN;
    for (const said of [least, { ...least, ca }, { ...least, url, activeTasks, acknowledged }, PLAIN]) {
      const body = Buffer.from(toLines(said));
      expect(plainHeartbeat(body)).toEqual(bySchema(body));
      expect(plainHeartbeat(body)).toBeDefined();
    }
  });

  test('is nothing of one heartbeat in the next', () => {
    expect(
      plainHeartbeat(Buffer.from(toLines({ ...PLAIN, url: `http://${'a'.repeat(2_000)}` }))),
    ).toBeDefined();
    expect(plainHeartbeat(Buffer.from(toLines({ ...PLAIN, agent: '' })))).toMatchObject({ agent: '' });
  });
});
