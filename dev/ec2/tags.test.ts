import { describe, expect, test } from 'vitest';
import { checkTags } from './tags.ts';

const check = (key: string, value = '') => checkTags([{ key, value }]);

describe('EC2’s rules for tags', () => {
  test('count characters, so that an emoji is one', () => {
    expect(() => check('🦀'.repeat(128), '🦀'.repeat(256))).not.toThrow();
    expect(() => check('🦀'.repeat(129))).toThrow(/1 to 128 characters/);
    expect(() => check('k', '🦀'.repeat(257))).toThrow(/256 characters/);
  });

  test('reserve aws: in any case', () => {
    for (const key of ['aws:x', 'Aws:x', 'AWS:x']) expect(() => check(key)).toThrow(/reserved/);
    expect(() => check('awesome:x')).not.toThrow();
  });
});
