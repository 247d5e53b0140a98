import { expect, test } from 'vitest';
import { expectDifference } from './support/differences.ts';

const difference = { instead: 'it forgets', shows: 'forgot' };

test('a difference that is fixed is an error that names its entry', async () => {
  await expect(expectDifference('it remembers', difference, Promise.resolve())).rejects.toThrow(
    'take "it remembers" out of its differences',
  );
});

test('a law that fails otherwise than its entry says is an error', async () => {
  const held = Promise.reject(new Error('connect ECONNREFUSED'));
  await expect(expectDifference('it remembers', difference, held)).rejects.toThrow('ECONNREFUSED');
});

test('a law that fails as its entry says is as it should be', async () => {
  await expectDifference('it remembers', difference, Promise.reject(new Error('it forgot')));
});
