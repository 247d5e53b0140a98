import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapedLine, plainText, withPlainText } from './plainText.ts';

const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        'a',
        '\n',
        '\r',
        '\t',
        '\u001b[2J',
        '\u0000',
        '\u0085',
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\u2028',
        '\u{e0041}',
        '\ud800',
        'é',
        '✓',
      ),
    )
    .map((parts) => parts.join('')),
);

test('no text keeps a character that is not shown as it stands', () => {
  fc.assert(
    fc.property(text, (given) => {
      const plain = plainText(given);
      expect(plain).not.toMatch(HOSTILE);
      expect(plain.isWellFormed()).toBe(true);
      expect(plain.length).toBeLessThanOrEqual(given.length);
      expect(plainText(plain)).toBe(plain);
    }),
    { numRuns: 500 },
  );
});

test('letters of any script stay', () => {
  expect(plainText('Größe 日本 עברית 🙂 ✓')).toBe('Größe 日本 עברית 🙂 ✓');
});

test('in a value every text is plain but those that must stay exact, and what changes nothing is the same value', () => {
  const value = { a: ['x\u202e', 1, undefined], b: { exact: '\u202e', c: null }, __proto__: undefined };
  expect(withPlainText(value, ['exact'])).toEqual({
    a: ['x ', 1, undefined],
    b: { exact: '\u202e', c: null },
  });
  const clean = { a: ['x', 1], b: { c: 'y' } };
  expect(withPlainText(clean)).toBe(clean);
});

test('a line of JSON has one meaning to every parser, and holds nothing that is not shown as it stands', () => {
  fc.assert(
    fc.property(text, (given) => {
      const line = escapedLine(JSON.stringify({ given }));
      expect(line).not.toMatch(HOSTILE);
      expect(JSON.parse(line)).toEqual({ given });
    }),
    { numRuns: 500 },
  );
});
