import { describe, expect, test } from 'vitest';
import { decideAt } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  environmentOf,
  factsOf,
  instanceOf,
  MINUTE,
  type Overrides,
  stamp,
  statusOf,
  waiting,
} from '../../../../../test/support/workspace/facts.ts';
import { refusedOf } from '../../../../../test/support/workspace/refused.ts';
import type { Replacement } from '../../../../api/kinds/replacement.ts';
import type { WorkspaceStatus } from '../../../../api/kinds/workspace.ts';

/** The On-Demand quota is full for so long, or was until so long ago. */
const quotaMark = (minutes: number) => refusedOf('VcpuLimitExceeded', minutes * MINUTE, {}, 'quota');

const since = { refusedAt: stamp(-10 * MINUTE), refusal: 'quota' } as const;

/** Was given up for a change, and its next launch waits to be sent. */
function down(
  more: Overrides = {},
  replacement: Partial<Replacement> = since,
  status: Partial<WorkspaceStatus> = {},
) {
  const before = { machine: 'm1:own:class' };
  const facts = factsOf({
    status: statusOf({
      launch: waiting(2, { generation: 2 }),
      desired: desiredOf(2, 'b'),
      instance: undefined,
      replacement: { number: 2, since: stamp(-20 * MINUTE), slot: true, before, ...replacement },
      ...status,
    }),
    environment: environmentOf('b'),
    instances: [],
    line: { inMs: 20_000, ahead: 40 },
    ...more,
  });
  return decideAt(facts).status.replacement;
}

describe('EC2 refuses one that was given up for a change', () => {
  test('that is on record while it does, with how', () => {
    const refused = [quotaMark(5)];
    expect(down({ refused }, {})).toMatchObject({ refusedAt: stamp(0), refusal: 'quota' });
    expect(down({ refused })).toMatchObject(since);
  });

  test('the refusal stays on record while a dry run asks again', () => {
    expect(down({ refused: [quotaMark(-1)] })).toMatchObject(since);
  });

  test('not once EC2 accepts the like of it, though its own launch waits in line', () => {
    expect(down()).not.toHaveProperty('refusedAt', expect.anything());
  });

  test('nothing is on record while its launch has an instance, though the next one would be refused', () => {
    const more = {
      spec: { instanceType: 'c7i.large' },
      instances: [instanceOf(2, 'pending')],
    };
    const launch = booting({ number: 2, generation: 2, instanceID: 'i-2' });
    const replacement = down(more, {}, { launch, desired: desiredOf(3, 'b') });
    expect(replacement).toMatchObject({ number: 2, slot: true });
    expect(replacement).not.toHaveProperty('refusedAt', expect.anything());
  });

  test('what a person must fix is on record until a launch has an instance', () => {
    const userFix = { ...since, refusal: 'userFix' } as const;
    expect(down({}, userFix)).toMatchObject(userFix);
    expect(down({}, { refusedAt: since.refusedAt })).toMatchObject({ refusedAt: since.refusedAt });
  });

  test.each<[string, Overrides]>([
    ['its Secret is gone', { environment: { kind: 'Missing', secrets: ['env'] } }],
    ['its class does not allow it', { classAllowed: false }],
    ['it is paused', { spec: { paused: true } }],
  ])('not while it waits for something of its own: %s', (_what, more) => {
    const refused = [quotaMark(5)];
    for (const replacement of [since, {}, { ...since, refusal: 'userFix' } as const])
      expect(down({ ...more, refused }, replacement)?.refusedAt).toBeUndefined();
  });
});
