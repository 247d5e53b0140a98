import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuRatio } from '../../../test/support/base/cpuRatio.ts';
import { fromLines, toJSON, toLines } from './lines.ts';

test('what is written is what is read', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,20}$/);
  const fields = fc.dictionary(name, fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(fields, (record) => {
      const plain = { ...record };
      expect(fromLines(toLines(plain))).toEqual(plain);
    }),
  );
});

test('groups are dotted, lists joined by newlines, absent fields left out', () => {
  const answer = { number: 3, ok: true, restart: { changed: ['a', 'b'], at: undefined }, none: undefined };
  expect(toLines(answer)).toBe(
    `number Mw==\nok dHJ1ZQ==\nrestart.changed ${Buffer.from('a\nb').toString('base64')}\n`,
  );
  expect(fromLines(toLines(answer))).toEqual({ number: '3', ok: 'true', restart: { changed: 'a\nb' } });
});

test('no name reaches beyond its own group', () => {
  const line = (name: string) => `${name} ${Buffer.from('x').toString('base64')}\n`;
  const fields = fromLines(line('a.__proto__.polluted') + line('constructor.prototype.polluted'));
  expect(fields).toBeDefined();
  expect({}).not.toHaveProperty('polluted');
  expect(Object.keys(fields ?? {})).toEqual(['a', 'constructor']);
});

test('bytes are base64 once in either format', () => {
  const bytes = Buffer.from([0xff, 0x00, 0x27]);
  expect(JSON.parse(toJSON({ environment: { A: bytes } }))).toEqual({
    environment: { A: bytes.toString('base64') },
  });
  expect(toLines({ environment: { A: bytes } })).toBe(`environment.A ${bytes.toString('base64')}\n`);
});

test('an empty value is a field, and a missing space is forgiven', () => {
  expect(fromLines(`${toLines({ a: '' })}b\n`)).toEqual({ a: '', b: '' });
});

test.each([
  'a b c',
  ' a YQ==',
  'a YQ==\r',
  '1a YQ==',
  'a *',
  'a YQ==\na YQ==',
  'a YQ==\na.b YQ==',
  'a.b YQ==\na YQ==',
  '__proto__',
  'aYQ==',
])('%j is no line', (text) => {
  expect(fromLines(text)).toBeUndefined();
});

test('no body takes much longer than its length to refuse', () => {
  // As long as a body may be. What could be read in many ways took 280 times as long.
  const [plain, hostile] = [`a ${'a'.repeat(16_000)}!`, `${'a'.repeat(16_000)}!`];
  expect(
    cpuRatio(
      () => expect(fromLines(hostile)).toBeUndefined(),
      () => expect(fromLines(plain)).toBeUndefined(),
    ),
  ).toBeLessThan(20);
});
