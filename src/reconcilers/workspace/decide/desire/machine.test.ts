import { describe, expect, test } from 'vitest';
import { decideAt, decideValidated, written } from '../../../../../test/support/workspace/decisions.ts';
import {
  desiredOf,
  envDigest,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MACHINE,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { plus } from '../../../../controller/lib/time.ts';
import type { Facts } from '../facts/facts.ts';
import { trackChange } from './debounce.ts';

const desiredMachine = (machine: string) => ({ ...desiredOf(1, 'a'), machine, cause: 'Created' as const });

/** An instance of `launched`, recorded as wanting `recorded`; the class says `observed` now, and has for long. */
function seen(launched: string, recorded: string, observed: string, more: Overrides = {}): Facts {
  const status = statusOf({ launch: launchOf({ machine: launched }), desired: desiredMachine(recorded) });
  const facts = factsOf({ status, machine: observed, ...more });
  const env = facts.environment.kind === 'Merged' ? (facts.environment.digests.k1 ?? '') : '';
  const change = trackChange(
    undefined,
    status.desired,
    { env, machine: observed },
    { changed: [] },
    plus(NOW.mono, -MINUTE),
  );
  return { ...facts, process: { ...facts.process, change } };
}

describe('a machine of another version of the digests that what was launched does not meet', () => {
  const asked = 'm2:other:digest';

  test('is one change, and stays one while it waits', () => {
    const facts = seen(MACHINE, MACHINE, asked);
    const { status } = decideAt(facts);
    expect(status.desired).toMatchObject({ generation: 2, machine: asked });
    expect(status.launch).toMatchObject({ number: 1, machine: 'm2:outdated:outdated' });
    const decision = decideValidated(facts);
    expect(decision.status.launch).toMatchObject({ number: 2, generation: 2 });
  });

  test('is taken up without a generation where nothing is launched yet', () => {
    const launch = launchOf({ number: 2, phase: 'Waiting', machine: undefined, instanceID: undefined });
    const facts = factsOf({ status: statusOf({ launch, desired: desiredMachine(MACHINE) }), machine: asked });
    expect(decideAt(facts).status.desired).toMatchObject({ generation: 1, machine: asked });
  });
});

describe('an edit that is taken back before anything was ended for it', () => {
  const other = 'm1:own:other';
  const desired = { ...desiredMachine(other), generation: 2, cause: 'ClassChanged' as const };
  const back = (more: Overrides = {}) =>
    factsOf({ status: statusOf({ desired }), machine: MACHINE, ...more });

  test('ends nothing, though that has yet to stand still', () => {
    const facts = back();
    const env = desired.env;
    const recorded = { env, machine: other };
    const change = trackChange(undefined, recorded, { env, machine: MACHINE }, { changed: [] }, NOW.mono);
    const decision = decideValidated({ ...facts, process: { ...facts.process, change } });
    expect(decision.status.launch?.number).toBe(1);
    expect(decision.effect).toBeUndefined();
  });

  test('does not hide another change that came with it', () => {
    const env = envDigest('b');
    const facts = back({
      status: statusOf({ desired: { ...desired, env } }),
      environment: environmentOf('b'),
    });
    expect(decideValidated(facts).status.launch?.number).toBe(2);
  });
});

describe('imageUpdatePolicy: Automatic', () => {
  const with1 = `${MACHINE}:x86_64=ami-1`;
  const with2 = `${MACHINE}:x86_64=ami-2`;

  test('a newer image is a change of the class, by name', () => {
    const decision = decideValidated(seen(with1, with1, with2));
    expect(decision.status.desired).toMatchObject({
      generation: 2,
      cause: 'ClassChanged',
      changed: ['image/x86_64'],
    });
    expect(decision.status.launch).toMatchObject({ number: 2, cause: { kind: 'ClassChanged', ref: '2' } });
  });

  test('taken up by a class whose instances have that image already it changes nothing', () => {
    const { status } = written(seen(MACHINE, MACHINE, with1));
    expect(status.desired).toMatchObject({ generation: 1, machine: with1 });
    expect(status.launch).toMatchObject({ number: 1, generation: 1, machine: with1 });
  });

  test('taken up by a class whose instances have an older one it is a change', () => {
    expect(decideValidated(seen(MACHINE, MACHINE, with2)).status.launch?.number).toBe(2);
  });

  test('an image for another architecture does not concern instances of this one', () => {
    const both = `${MACHINE}:arm64=ami-7,x86_64=ami-1`;
    const { status } = written(seen(both, both, `${MACHINE}:arm64=ami-8,x86_64=ami-1`));
    expect(status.desired?.generation).toBe(1);
    expect(status.launch?.number).toBe(1);
  });

  test('given up again, and with OnLaunch, an image rolls nothing', () => {
    const { status } = written(seen(with1, with1, MACHINE));
    expect(status.desired).toMatchObject({ generation: 1, machine: MACHINE });
    expect(status.launch?.number).toBe(1);
  });

  test('back to the image that it has, a change that has not been carried out is none any more', () => {
    const status = statusOf({
      launch: launchOf({ machine: with1 }),
      desired: { ...desiredMachine(with2), generation: 2, cause: 'ClassChanged' },
    });
    const facts = factsOf({ status, machine: with1 });
    const { status: next } = written(facts);
    expect(next.launch).toMatchObject({ number: 1, generation: 2 });
  });

  test('an instance that was stopped when the newer one came is replaced, not started', () => {
    const status = statusOf({
      launch: launchOf({ machine: with1, phase: 'Stopped' }),
      desired: { ...desiredMachine(with2), generation: 2, cause: 'ClassChanged' },
    });
    const facts = factsOf({
      status,
      machine: with2,
      instances: [instanceOf(1, 'stopped')],
      heartbeats: {
        available: true,
        since: NOW.mono - 30 * SECOND,
        massSilence: false,
        launches: [heartbeatOf(1)],
      },
    });
    expect(decideValidated(facts).status.launch).toMatchObject({
      number: 2,
      cause: { kind: 'ClassChanged' },
    });
  });
});
