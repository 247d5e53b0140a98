import { describe, expect, test } from 'vitest';
import { decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  envDigest,
  environmentOf,
  factsOf,
  MACHINE,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { plus } from '../../../../controller/lib/time.ts';
import type { PendingChange } from '../facts/processFacts.ts';
import { observedDigests } from './desired.ts';

function pending(content: string, agoMs: number, more: Partial<PendingChange> = {}): PendingChange {
  return {
    recorded: { env: envDigest('a'), machine: MACHINE },
    env: envDigest(content),
    machine: MACHINE,
    since: plus(NOW.mono, -agoMs),
    burstSince: plus(NOW.mono, -agoMs),
    changed: ['ada-env/KEY'],
    ...more,
  };
}

const changing = (agoMs: number, more: Overrides = {}, change: Partial<PendingChange> = {}) =>
  factsOf({
    environment: environmentOf('b'),
    ...more,
    process: { change: pending('b', agoMs, change), ...more.process },
  });

describe('a change counts', () => {
  test('once it has stood still: one generation, what changed by name, and when', () => {
    const { status } = decideAt(changing(2 * SECOND));
    expect(status.desired).toEqual({
      generation: 2,
      env: envDigest('b'),
      machine: MACHINE,
      cause: 'SecretChanged',
      changed: ['ada-env/KEY'],
      at: new Date(NOW.wall).toISOString(),
    });
  });

  test('not a moment sooner; the loop looks again just then', () => {
    const { status, requeueAfterMs } = decideAt(changing(2 * SECOND - 1));
    expect(status.desired?.generation).toBe(1);
    expect(requeueAfterMs).toBe(1);
  });

  test('after ten times the debounce even when it never stood still', () => {
    const restless = { since: NOW.mono, burstSince: plus(NOW.mono, -20 * SECOND) };
    expect(decideAt(changing(0, {}, restless)).status.desired?.generation).toBe(2);
  });

  test('not while paused, and afterwards at once', () => {
    const paused = decideAt(changing(60 * SECOND, { spec: { paused: true } }));
    expect(paused.status.desired?.generation).toBe(1);
    expect(decideAt(changing(60 * SECOND)).status.desired?.generation).toBe(2);
  });

  test.each<[string, Overrides]>([
    ['can not be read', { environment: { kind: 'Unknown' } }],
    ['are missing', { environment: { kind: 'Missing', secrets: ['ada-env'] } }],
  ])('not while the Secrets %s', (_what, more) => {
    expect(decideAt(changing(60 * SECOND, more)).status.desired?.generation).toBe(1);
  });

  test('Secrets that could not be read are read again', () => {
    expect(decideAt(factsOf({ environment: { kind: 'Unknown' } })).requeueAfterMs).toBeGreaterThan(0);
  });

  test.each([
    ['SecretChanged', MACHINE, ['ada-env/KEY', 'env/EDITOR'], false],
    ['SecretChanged', MACHINE, [], true],
    ['EnvChanged', MACHINE, ['env/EDITOR', '-env/PAGER'], true],
    ['SecretChanged', MACHINE, ['env/PASSWORD'], false],
    ['SpecChanged', 'm1:other:class', ['ada-env/KEY'], false],
    ['ClassChanged', 'm1:own:other', ['ada-env/KEY'], false],
  ])('as %s', (cause, machine, changed, plain) => {
    const { status } = decideAt(changing(2 * SECOND, { machine }, { machine, changed, plain }));
    expect(status.desired).toMatchObject({ cause, machine });
  });

  test('with at most as many names as the status holds', () => {
    const changed = Array.from({ length: 40 }, (_, i) => `ada-env/KEY${i}`);
    expect(decideAt(changing(2 * SECOND, {}, { changed })).status.desired?.changed).toHaveLength(32);
  });
});

describe('digests are compared under the key that the recorded one names', () => {
  const under = (keys: readonly string[], recorded = envDigest('a')) =>
    observedDigests(
      factsOf({
        status: statusOf({
          desired: {
            generation: 1,
            env: recorded,
            machine: MACHINE,
            cause: 'Created',
            at: '2026-01-01T00:00:00Z',
          },
        }),
        environment: environmentOf('a', keys),
      }),
    )?.env;

  test('a new key replaces no instance', () => {
    expect(under(['k1', 'k2'])).toBe(envDigest('a', 'k1'));
  });

  test('a digest under a key that this process lacks changes nothing', () => {
    expect(under(['k2'])).toBeUndefined();
  });

  test('a change is recorded under the current key, and held to it from then on', () => {
    const environment = environmentOf('b', ['k1', 'k2']);
    const facts = changing(2 * SECOND, { environment });
    const { status } = decideAt(facts);
    expect(status.desired).toMatchObject({ generation: 2, env: envDigest('b', 'k2') });
    expect(observedDigests(factsOf({ status, environment }))?.env).toBe(status.desired?.env);
  });
});
