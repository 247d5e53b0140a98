import { describe, expect, test } from 'vitest';
import { decideAt, decideValidated, written } from '../../../../../test/support/workspace/decisions.ts';
import {
  envDigest,
  environmentOf,
  factsOf,
  MACHINE,
  MINUTE,
  NOW,
  type Overrides,
} from '../../../../../test/support/workspace/facts.ts';
import type { Decision } from '../facts/decision.ts';
import type { PendingChange } from '../facts/processFacts.ts';

describe('a generation of the spec counts as observed only once what it asks for is decided', () => {
  const newer = { status: written(factsOf()).status, metadata: { generation: 5 } };
  const restart = { requests: { restart: 'please' } };
  const recorded = { env: envDigest('a'), machine: MACHINE };
  const change: PendingChange = {
    recorded,
    ...recorded,
    env: envDigest('b'),
    since: NOW.mono,
    burstSince: NOW.mono,
    changed: ['env/EDITOR'],
  };
  const changed = { ...newer, environment: environmentOf('b'), process: { change } };
  const missing = { kind: 'Missing' as const, secrets: ['ada-env'] };

  test.each<[string, Overrides]>([
    ['a change has not stood still for the debounce', changed],
    ['a restart waits for its dry run', { ...newer, spec: restart }],
    ['its Secrets could not be read', { ...newer, environment: { kind: 'Unknown' } }],
  ])('not while %s: nothing is written', (_what, more) => {
    expect(decideAt(factsOf(more)).status).toEqual(newer.status);
  });

  test.each<[string, () => Decision]>([
    ['the restart is opened', () => decideValidated(factsOf({ ...newer, spec: restart }))],
    ['the change counts', () => decideAt(factsOf(changed), MINUTE)],
    ['something is in its way', () => decideAt(factsOf({ ...newer, environment: missing, spec: restart }))],
    ['a pause holds it back', () => decideAt(factsOf({ ...newer, spec: { paused: true, ...restart } }))],
    ['it asks for nothing', () => decideAt(factsOf(newer))],
  ])('but when %s', (_what, decided) => {
    const { status } = decided();
    expect(status.observedGeneration).toBe(5);
    for (const condition of status.conditions ?? []) expect(condition.observedGeneration).toBe(5);
  });
});
