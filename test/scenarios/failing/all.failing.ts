import { beforeAll, describe, expect, test } from 'vitest';
import { until } from '../scene/until.ts';
import { addWitness } from '../scene/witness.ts';

function see(name: string): void {
  addWitness({ glance: () => `${name} as it is`, timeline: () => `${name} as it went` });
}

describe.concurrent('scenes of their own', () => {
  test('waits in vain', async () => {
    see('the first');
    await until('it rains', () => false);
  });

  test('expects in vain', async () => {
    see('the second');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(1).toBe(2);
  });

  test('holds', () => see('the third'));
});

describe('a scene that cannot be set up', () => {
  beforeAll(() => {
    see('the shared one');
    throw new Error('no cloud');
  });
  test('never runs', () => undefined);
});
