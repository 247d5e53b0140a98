import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryFacts } from '../../../../../test/support/workspace/arbitraryFacts.ts';
import {
  conditionOf,
  decideAt,
  decideValidated,
  withStatus,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  envDigest,
  environmentOf,
  factsOf,
  MACHINE,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import type { EnvironmentFact } from './facts.ts';

describe('once the key that the recorded digest names is lost', () => {
  /** Content b has stood still for the debounce. */
  function changing(more: Overrides) {
    const at = NOW.mono - 2 * SECOND;
    const recorded = { env: envDigest('a', 'k2'), machine: MACHINE };
    const change = {
      recorded,
      env: envDigest('b', 'k2'),
      machine: MACHINE,
      since: at,
      burstSince: at,
      changed: [],
    };
    return factsOf({ ...more, process: { change } });
  }
  const lost = (content: string) =>
    ({ ...environmentOf(content, ['k2']), lostKeys: ['k1'] }) as EnvironmentFact;
  const facts = factsOf({ environment: lost('a') });

  test('the content is taken for unchanged, under a key that exists; it is said once, and nothing is replaced', () => {
    const first = decideAt(facts);
    expect(first.status.desired).toMatchObject({ generation: 1, env: envDigest('a', 'k2') });
    expect(first.events.map(({ reason }) => reason)).toContain('KeyLost');
    expect(first.effect).toBeUndefined();
    expect(conditionOf(first, 'Ready').status).toBe('True');
    expect(conditionOf(first, 'SecretsSynced')).toMatchObject({ status: 'Unknown', reason: 'KeyLost' });
    const second = written(withStatus(facts, first.status)).decision;
    expect(second.events).toEqual([]);
    expect(second.status.launch?.number).toBe(1);
  });

  test('a later change is a change like any other, though the instance’s digest can’t be compared', () => {
    const { status } = decideAt(facts);
    const changed = changing({ status, environment: lost('b') });
    const { status: counted } = decideAt(changed);
    expect(counted.desired).toMatchObject({ generation: 2, env: envDigest('b', 'k2') });
    const rolled = decideValidated(factsOf({ status: counted, environment: lost('b') }));
    expect(rolled.status.launch).toMatchObject({ number: 2, cause: { kind: 'SecretChanged', ref: '2' } });
  });

  test('an instance that was outdated before stays so', () => {
    const status = statusOf({ desired: desiredOf(2, 'b') });
    const rolled = decideValidated(factsOf({ status, environment: lost('b') }));
    expect(rolled.status.launch).toMatchObject({ number: 2, cause: { kind: 'SecretChanged', ref: '2' } });
  });

  test('paused, not even that is written', () => {
    const { status, events } = decideAt(factsOf({ environment: lost('a'), spec: { paused: true } }));
    expect(status.desired?.env).toBe(envDigest('a'));
    expect(events.map(({ reason }) => reason)).not.toContain('KeyLost');
  });

  test('no generation is counted for it, for any facts', () => {
    fc.assert(
      fc.property(arbitraryFacts, fc.constantFrom('a', 'b', 'c'), (given, content) => {
        const { status } = given.workspace;
        const { change: _none, ...process } = given.process;
        if (!status?.desired) return;
        const after = decideAt({ ...given, process, environment: lost(content) }).status;
        if ((after.launch?.number ?? 0) > (status.launch?.number ?? 0) + 1) return;
        const adopted = after.provisions > status.provisions;
        if (!adopted) expect(after.desired?.generation).toBe(status.desired.generation);
      }),
      { numRuns: 300 },
    );
  });
});
