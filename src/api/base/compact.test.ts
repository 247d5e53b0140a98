import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact } from './compact.ts';

describe('a compact copy', () => {
  test('shows the same for any JSON value, and shares no object with it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const json = JSON.stringify(value);
        const copy = compact(value);
        expect(JSON.stringify(copy)).toBe(json);
        expect(copy).not.toBe(value);
        expect(Object.isFrozen(copy)).toBe(false);
      }),
    );
  });

  test('of a hostile key is its own field, and no prototype', () => {
    const value: unknown = JSON.parse('{"__proto__":"a","constructor":{"__proto__":{"x":"b"}}}');
    const copy = compact(value);
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test('of more strings than are shared at a time is the same as well', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `text-${index}`);
    expect(compact(many)).toEqual(many);
  });
});
