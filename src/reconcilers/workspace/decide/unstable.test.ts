import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt } from '../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  envDigest,
  environmentOf,
  factsOf,
  instanceOf,
  MACHINE,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  stamp,
  statusOf,
} from '../../../../test/support/workspace/facts.ts';

describe('a launch whose environment can’t be served is not to blame', () => {
  const starting = (state: string, more: Overrides = {}) =>
    factsOf({
      status: statusOf({ launch: booting(), instance: { id: 'i-1', state } }),
      instances: [instanceOf(1, state)],
      heartbeats: { available: true, since: NOW.mono - 60 * MINUTE, launches: [] },
      ...more,
    });

  test('a launch that does not boot at all times out, however often its Secret changes', () => {
    const launch = booting();
    const changes = (ms: number) =>
      decideAt(
        starting('running', {
          status: statusOf({
            desired: desiredOf(40, 'b', { at: stamp(ms - 20 * SECOND) }),
            launch,
            instance: { id: 'i-1', state: 'running' },
          }),
          environment: environmentOf('b'),
          process: { console: { 'i-1': '' } },
        }),
        ms,
      );
    expect(conditionOf(changes(29 * MINUTE), 'Ready').reason).toBe('SecretsUnstable');
    expect(changes(29 * MINUTE).requeueAfterMs).toBeLessThanOrEqual(30 * SECOND);
    const late = changes(29.5 * MINUTE);
    expect(conditionOf(late, 'Ready').reason).not.toBe('SecretsUnstable');
    expect(late.effect?.kind).toBe('DryRun');
  });

  test('a Secret that is gone is not said to be unstable, though a change of it was pending', () => {
    const recorded = { env: envDigest('a'), machine: MACHINE };
    const change = { recorded, env: envDigest('b'), machine: MACHINE, since: 0, burstSince: 0, changed: [] };
    const gone = starting('running', {
      environment: { kind: 'Missing', secrets: ['ada-env'] },
      process: { change, console: { 'i-1': '' } },
    });
    const decision = decideAt(gone, 20 * MINUTE);
    expect(decision.status.launch?.number).toBe(1);
    expect(conditionOf(decision, 'Ready').reason).toBe('SecretMissing');
  });
});
