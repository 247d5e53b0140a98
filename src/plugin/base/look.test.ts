import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { sleep } from '../../controller/lib/clock.ts';
import { KubectlError } from './kubectl.ts';
import { watchLooks } from './look.ts';

const HOUR_MS = 3_600_000;

test.each([
  [0, 1_800],
  [20_000, 18],
])(
  'looks of %d ms come %d times an hour: a large fleet costs a tenth of the time at most',
  async (ms, most) => {
    const clock = createVirtualClock();
    let looks = 0;
    const watched = watchLooks(
      clock,
      async () => {
        looks += 1;
        await sleep(clock, ms);
        return looks > most;
      },
      () => expect.fail('none fails'),
    );
    await clock.advance(HOUR_MS - 1);
    expect(looks).toBe(most);
    await clock.advance(HOUR_MS);
    await watched;
  },
);

test('a look that fails after one that did not is shown and made again; a minute of them ends it', async () => {
  const clock = createVirtualClock();
  const failures: string[] = [];
  let looks = 0;
  const watched = watchLooks(
    clock,
    async () => {
      looks += 1;
      if (looks === 1 || looks === 3) return false;
      throw new KubectlError(`look ${looks}`);
    },
    ({ message }) => failures.push(message),
  ).catch((error: unknown) => error);
  await clock.advance(HOUR_MS);
  expect(await watched).toEqual(new KubectlError('look 33'));
  expect(failures.slice(0, 2)).toEqual(['look 2', 'look 4']);
  expect(failures).toHaveLength(30);
});

test('the first look says at once what is wrong, and a fault of the program ends it at any time', async () => {
  const clock = createVirtualClock();
  const none = () => expect.fail('not shown');
  const denied = async () => {
    throw new KubectlError('denied');
  };
  await expect(watchLooks(clock, denied, none)).rejects.toThrow('denied');
  let looks = 0;
  const broken = watchLooks(
    clock,
    async () => {
      if (looks++ > 0) throw new TypeError('x');
      return false;
    },
    none,
  ).catch((error: unknown) => error);
  await clock.advance(HOUR_MS);
  expect(await broken).toBeInstanceOf(TypeError);
});
