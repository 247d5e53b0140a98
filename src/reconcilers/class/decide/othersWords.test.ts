import { expect, test } from 'vitest';
import { conditionsOf, createFleetWorld, serving } from '../../../../test/support/fleet/fleetWorld.ts';
import { decideAt } from '../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  factsOf,
  launchOf,
  MINUTE,
  NOW,
  stamp,
  statusOf,
} from '../../../../test/support/workspace/facts.ts';
import type { WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import { summaryOf } from '../observe.ts';
import { decideClass } from './decide.ts';

/** What the instance of one tenant prints, and EC2 says of it. */
const WORDS = 'PAY-TO-EVIL';
const OTHER = 'm1:own:other';
const SHARED = { machine: OTHER, cause: 'ClassChanged' as const };

/** Replaced for the class's change, and failed with it again and again. */
function failed(): WorkspaceStatus {
  const cause = { kind: 'ClassChanged' as const, ref: '2' };
  const end = { generation: 2, cause, outcome: 'TimedOut' as const, endedAt: stamp(-MINUTE), message: WORDS };
  const launch = launchOf({ number: 3, generation: 2, readyAt: undefined, failures: 2 });
  const ended = { outcome: 'TimedOut' as const, at: stamp(-MINUTE), message: WORDS };
  const [ready] = conditionsOf({ Ready: ['False', 'StartupTimeout'] });
  return statusOf({
    launch: { ...launch, cause, ended },
    desired: desiredOf(2, 'a', SHARED),
    conditions: ready && [{ ...ready, message: WORDS }],
    history: [2, 1].map((number) => ({ number, ...end })),
  });
}

function setUp(halted?: NonNullable<ReturnType<typeof decideClass>['status']['halted']>) {
  const world = createFleetWorld();
  const fleet = world.fleet();
  world.write('evil', failed(), { namespace: 'theirs' });
  world.write('ada', serving(MINUTE, { desired: desiredOf(2, 'a', SHARED) }));
  const klass = world.classes.get('standard');
  if (!klass) throw new Error('the class is there');
  const known = { ...klass, status: { observedGeneration: 1, handled: {}, halted } };
  const decided = decideClass(
    {
      klass: known,
      fleet: summaryOf(fleet.of('standard'), known),
      evidence: { heartbeats: { reason: 'Available' }, cloud: { reason: 'Available' } },
      timing: { resolveIntervalMs: MINUTE, statusIntervalMs: 1 },
    },
    NOW,
  );
  const facts = factsOf({
    status: statusOf({ desired: desiredOf(2, 'a', SHARED) }),
    machine: OTHER,
    class: { ...klass, status: decided.status },
  });
  return { decided, other: decideAt(facts) };
}

test('the class says who failed with what, and none of the words that came from there', () => {
  const { decided } = setUp();
  expect(decided.status.halted).toMatchObject([{ content: 'class:other', by: 'theirs/evil' }]);
  expect(decided.status.conditions?.find(({ type }) => type === 'RolloutComplete')?.message).toContain(
    'theirs/evil',
  );
  expect(JSON.stringify(decided)).not.toContain(WORDS);
});

test('another tenant sees it by name, and only in our own words', () => {
  const { other } = setUp();
  const upToDate = other.status.conditions?.find(({ type }) => type === 'UpToDate');
  expect(upToDate?.reason).toBe('RolloutHalted');
  expect(upToDate?.message).toContain('theirs/evil');
  expect(JSON.stringify(other)).not.toContain(WORDS);
});

test('words that an earlier release put into the class go with the next look', () => {
  const since = stamp(-MINUTE);
  const { decided, other } = setUp([{ content: 'class:other', since, message: WORDS }]);
  expect(decided.status.halted).toMatchObject([{ content: 'class:other', since, by: 'theirs/evil' }]);
  expect(JSON.stringify([decided, other])).not.toContain(WORDS);
});
