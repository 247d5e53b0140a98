import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../../../test/support/base/moments.ts';
import type { MonoMs } from '../../../../controller/lib/time.ts';
import type { PendingChange } from '../facts/processFacts.ts';
import { changeDueAt, trackChange } from './debounce.ts';

const DEBOUNCE = 2000;
const digests = (env: string) => ({ env, machine: 'm' });

/** Follows a script of contents at instants, against the record `a`; returns what is pending at its end. */
function follow(script: readonly [mono: number, env: string][], recorded = 'a'): PendingChange | undefined {
  let pending: PendingChange | undefined;
  for (const [mono, env] of script) {
    pending = trackChange(pending, digests(recorded), digests(env), { changed: [`s/${env}`] }, monoMs(mono));
  }
  return pending;
}

function dueAt(script: readonly [number, string][]): MonoMs | undefined {
  const pending = follow(script);
  return pending && changeDueAt(pending, DEBOUNCE);
}

describe('a change counts once it has stood still', () => {
  test('for the whole debounce since it was first seen', () => {
    expect(
      dueAt([
        [0, 'b'],
        [100, 'b'],
        [1900, 'b'],
      ]),
    ).toBe(DEBOUNCE);
  });

  test('each edit of a burst begins the wait again', () => {
    expect(
      dueAt([
        [0, 'b'],
        [500, 'c'],
        [1500, 'd'],
      ]),
    ).toBe(1500 + DEBOUNCE);
  });

  test('in the term of the lease in which it is looked at: it may have come back while another process led', () => {
    const pending = follow([[0, 'b']]);
    const seen = (termAt: number) =>
      trackChange(pending, digests('a'), digests('b'), { changed: [] }, monoMs(9_000), monoMs(termAt));
    expect(seen(0)?.since).toBe(0);
    expect(seen(8_000)).toMatchObject({ since: 9_000, burstSince: 9_000 });
  });

  test('there and back leaves no trace', () => {
    expect(
      follow([
        [0, 'b'],
        [500, 'a'],
      ]),
    ).toBeUndefined();
    expect(
      dueAt([
        [0, 'b'],
        [500, 'a'],
        [600, 'b'],
      ]),
    ).toBe(600 + DEBOUNCE);
  });

  test('a constant writer holds it back for ten times that, and no longer', () => {
    const script = Array.from({ length: 100 }, (_, i): [number, string] => [i * 500, `v${i}`]);
    expect(dueAt(script)).toBe(10 * DEBOUNCE);
  });

  test('after the change was counted, the next one stands still for as long as the first', () => {
    const counted = follow([
      [0, 'b'],
      [500, 'c'],
    ]);
    const next = trackChange(counted, digests('c'), digests('d'), { changed: [] }, monoMs(20_000));
    expect(next && changeDueAt(next, DEBOUNCE)).toBe(20_000 + DEBOUNCE);
  });

  test('what could not be read changes nothing', () => {
    const pending = follow([[0, 'b']]);
    expect(trackChange(pending, digests('a'), undefined, { changed: [] }, monoMs(900))).toBe(pending);
    expect(trackChange(undefined, undefined, digests('b'), { changed: [] }, monoMs(900))).toBeUndefined();
  });

  test('the names of all that changed in the burst are kept, each once', () => {
    expect(
      follow([
        [0, 'b'],
        [1, 'c'],
        [2, 'b'],
      ])?.changed,
    ).toEqual(['s/b', 's/c']);
  });

  test('a burst is of spec.env alone only if each part of it is', () => {
    const plainAfter = (...parts: boolean[]) =>
      parts.reduce<PendingChange | undefined>(
        (pending, plain, i) =>
          trackChange(pending, digests('a'), digests(`b${i}`), { changed: [`it/${i}`], plain }, monoMs(i)),
        undefined,
      )?.plain;
    expect(plainAfter(true, true)).toBe(true);
    expect(plainAfter(true, false)).toBe(false);
    expect(plainAfter(false, true)).toBe(false);
  });
});

const scripts = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.constantFrom('a', 'b', 'c')), { minLength: 1 })
  .map((steps) => {
    let mono = 0;
    return steps.map(([gap, env]): [number, string] => {
      mono += gap;
      return [mono, env];
    });
  });

test('something is pending exactly while what is observed differs from the record', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      expect(follow(script) === undefined).toBe(script.at(-1)?.[1] === 'a');
    }),
  );
});

test('a change is due no sooner than the debounce after the last edit, unless the writer never rests', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const pending = follow(script);
      if (!pending) return;
      const last = script.findLastIndex(([, env], i) => env !== (script[i - 1]?.[1] ?? 'a'));
      const lastEdit = script[last]?.[0] ?? 0;
      const due = changeDueAt(pending, DEBOUNCE);
      expect(due).toBe(Math.min(lastEdit + DEBOUNCE, Number(pending.burstSince) + 10 * DEBOUNCE));
    }),
  );
});
