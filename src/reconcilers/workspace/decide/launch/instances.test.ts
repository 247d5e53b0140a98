import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, decideValidated } from '../../../../../test/support/workspace/decisions.ts';
import {
  booting,
  desiredOf,
  doubtful,
  envDigest,
  environmentOf,
  factsOf,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  SECOND,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';

const quiet = { available: true, since: 0, launches: [] };

describe('adoption', () => {
  const doubt = (more: Overrides = {}) =>
    factsOf({
      status: statusOf({
        launch: doubtful({ number: 2, generation: 2 }),
        desired: desiredOf(2, 'a'),
        provisions: 1,
      }),
      heartbeats: quiet,
      ...more,
    });

  test('an accepted launch is one provision, one line in the ledger', () => {
    const { status, ledger } = decideAt(doubt({ instances: [instanceOf(2, 'pending')] }));
    expect(status.provisions).toBe(2);
    expect(status.launch?.instanceID).toBe('i-2');
    expect(ledger).toEqual([
      { kind: 'started', number: 2, generation: 2, cause: 'Created', ref: '1', instanceID: 'i-2' },
    ]);
  });

  test.each([
    ['another number', instanceOf(1, 'terminated')],
    ['another token', instanceOf(2, 'pending', { clientToken: 'made by hand' })],
  ])('an instance with %s is not this launch’s', (_what, instance) => {
    const { status } = decideAt(doubt({ instances: [instance] }));
    expect(status.launch?.instanceID).toBeUndefined();
    expect(status.provisions).toBe(1);
  });

  test('a launch that waits and names what another request made takes its own instance, and is not sent', () => {
    const waiting = statusOf({
      launch: launchOf({ number: 2, generation: 2, phase: 'Waiting', instanceID: 'i-foreign' }),
      desired: desiredOf(2, 'a'),
      provisions: 1,
    });
    const foreign = instanceOf(2, 'running', { id: 'i-foreign', clientToken: 'another' });
    const instances = [instanceOf(2, 'pending'), foreign];
    const { status, effect, events } = decideAt(doubt({ status: waiting, instances }));
    expect(status.launch).toMatchObject({ phase: 'Submitted', instanceID: 'i-2' });
    expect(status.provisions).toBe(2);
    expect(effect).toBeUndefined();
    expect(events.map(({ reason }) => reason)).toContain('NotOurs');
  });

  test('the new instance holds no environment until it is served one, even if the old one held one', () => {
    const { status } = decideAt(doubt({ instances: [instanceOf(2, 'pending')] }));
    expect(status.instance).toMatchObject({ id: 'i-2', state: 'pending' });
    expect(status.instance?.env).toBeUndefined();
  });

  test('a change during its boot is bound late and not deferred', () => {
    const adopted = decideAt(doubt({ instances: [instanceOf(2, 'pending')] })).status;
    const decision = decideAt(
      doubt({
        status: { ...adopted, desired: desiredOf(3, 'b') },
        environment: environmentOf('b'),
        instances: [instanceOf(2, 'running')],
      }),
      5 * SECOND,
    );
    expect(conditionOf(decision, 'UpToDate').reason).not.toBe('Deferred');
    expect(decision.status.launch?.number).toBe(2);
    expect(decision.ledger).toEqual([]);
  });

  test('one that was made for another generation, before the status went back, is judged by what it holds', () => {
    const older = instanceOf(2, 'running', { generation: 1 });
    const holds = (content: string) =>
      decideAt(
        doubt({
          instances: [older],
          heartbeats: { ...quiet, launches: [heartbeatOf(2, { env: envDigest(content) })] },
        }),
      );
    expect(holds('a').status).toMatchObject({
      desired: { generation: 3 },
      launch: { number: 2, generation: 3 },
    });
    const stale = holds('b').status;
    expect(stale).toMatchObject({ desired: { generation: 3 }, launch: { number: 2, generation: 1 } });
    const later = decideValidated(
      doubt({
        status: { ...stale, launch: { ...launchOf(stale.launch), submittedAt: stamp(-10 * MINUTE) } },
        instances: [older],
        heartbeats: { ...quiet, launches: [heartbeatOf(2, { env: envDigest('b') })] },
      }),
    );
    expect(later.status.launch).toMatchObject({ number: 3, generation: 3, cause: { ref: '3' } });
  });

  test('a token that returns a terminated instance has ended', () => {
    const { status } = decideAt(doubt({ instances: [instanceOf(2, 'terminated')] }));
    expect(status.launch?.ended?.outcome).toBe('Ended');
    expect(status.provisions).toBe(2);
  });

  test('an instance that EC2 no longer shows keeps its type and zone in status', () => {
    const shown = decideAt(doubt({ instances: [instanceOf(2, 'pending')] })).status;
    expect(shown.instance).toMatchObject({ type: 'm7i.large', zone: 'a' });
    const lost = {
      ...instanceOf(2, 'Unknown'),
      type: '',
      zone: '',
      notFound: { firstAt: NOW.mono, lastAt: NOW.mono },
    };
    const { instance } = decideAt(doubt({ status: shown, instances: [{ ...lost, missing: true }] })).status;
    expect(instance).toMatchObject({ id: 'i-2', state: 'Unknown', type: 'm7i.large', zone: 'a' });
  });

  test('an instance that is found late has the whole startup time before it', () => {
    const long = doubtful({ submittedAt: stamp(-50 * MINUTE), deadline: stamp(-35 * MINUTE) });
    const { status, effect } = decideAt(
      doubt({ status: statusOf({ launch: long }), instances: [instanceOf(1, 'pending')] }),
    );
    expect(status.launch).toMatchObject({ number: 1, instanceID: 'i-1' });
    expect(Date.parse(status.launch?.deadline ?? '')).toBe(NOW.wall + 15 * MINUTE);
    expect(effect).toBeUndefined();
  });
});

describe('absence proves nothing', () => {
  const notFound = (apart: number) => ({
    missing: true,
    notFound: { firstAt: NOW.mono - apart, lastAt: NOW.mono },
  });
  const silent = { available: true, since: 0, launches: [heartbeatOf(1, { fresh: false })] };

  test.each<[string, Overrides]>([
    ['the sweep lacks it', { instances: [instanceOf(1, 'running', { missing: true })] }],
    ['a look-up does not find it', { instances: [instanceOf(1, 'running', notFound(0))] }],
    ['this process has never seen it', { instances: [] }],
    [
      'look-ups less than T_vis apart',
      { instances: [instanceOf(1, 'running', notFound(4 * MINUTE))], heartbeats: silent },
    ],
    ['it heartbeats', { instances: [instanceOf(1, 'running', notFound(10 * MINUTE))] }],
    [
      'its silence means nothing, as too many of its class are silent',
      {
        instances: [instanceOf(1, 'running', notFound(10 * MINUTE))],
        heartbeats: { ...silent, massSilence: true },
      },
    ],
    [
      'no gateway can receive from it',
      {
        instances: [instanceOf(1, 'running', notFound(10 * MINUTE))],
        heartbeats: { available: false, launches: [] },
      },
    ],
  ])('%s: it is Unknown, not dead', (_what, more) => {
    const { status, effect } = decideAt(factsOf(more));
    expect(status.instance).toMatchObject({ id: 'i-1', state: 'Unknown' });
    expect(status.launch?.number).toBe(1);
    expect(status.launch?.ended).toBeUndefined();
    expect(effect).toBeUndefined();
  });

  test('look-ups T_vis apart and no heartbeat prove it: the launch is lost, and that is on record', () => {
    const { status, ledger } = decideAt(
      factsOf({ instances: [instanceOf(1, 'running', notFound(5 * MINUTE))], heartbeats: silent }),
    );
    expect(status.launch?.ended).toMatchObject({ outcome: 'Lost' });
    expect(status.history?.[0]).toMatchObject({ number: 1, outcome: 'Lost', instanceID: 'i-1' });
    expect(ledger).toEqual([expect.objectContaining({ kind: 'stopped', number: 1, outcome: 'Lost' })]);
  });

  test('as only time stands between NotFound and the proof, the loop looks again when it is over', () => {
    const { requeueAfterMs } = decideAt(
      factsOf({ instances: [instanceOf(1, 'running', notFound(4 * MINUTE))], heartbeats: silent }),
    );
    expect(requeueAfterMs).toBe(MINUTE);
  });

  test('a terminated instance that EC2 has forgotten stays terminated', () => {
    const { status } = decideAt(factsOf({ instances: [instanceOf(1, 'terminated', { missing: true })] }));
    expect(status.instance?.state).toBe('terminated');
  });
});

describe('what EC2 proves ended', () => {
  test.each(['shutting-down', 'terminated'])('%s is a recorded end, once', (state) => {
    const facts = factsOf({ instances: [instanceOf(1, state, { stateReason: 'User initiated' })] });
    const { status } = decideAt(facts);
    expect(status.launch?.ended).toMatchObject({ outcome: 'Ended', message: 'User initiated' });
    expect(status.history).toHaveLength(1);
  });

  test.each(['stopping', 'stopped'])('%s is no end', (state) => {
    const { status } = decideAt(factsOf({ instances: [instanceOf(1, state)] }));
    expect(status.launch?.ended).toBeUndefined();
    expect(status.instance?.state).toBe(state);
  });

  test('an instance that ends on its own has one stopped line, when it is terminated', () => {
    const ending = decideAt(factsOf({ instances: [instanceOf(1, 'shutting-down')] }));
    expect(ending.ledger).toEqual([]);
    const ended = decideAt(factsOf({ status: ending.status, instances: [instanceOf(1, 'terminated')] }));
    expect(ended.ledger).toEqual([expect.objectContaining({ kind: 'stopped', number: 1, outcome: 'Ended' })]);
    const after = decideAt(factsOf({ status: ended.status, instances: [instanceOf(1, 'terminated')] }));
    expect(after.ledger).toEqual([]);
  });
});

test('a first heartbeat that outruns the sweep proves that the instance runs: it is Ready, and nothing is lost', () => {
  const decision = decideAt(
    factsOf({
      status: statusOf({ launch: booting(), instance: { id: 'i-1', state: 'pending' } }),
      instances: [instanceOf(1, 'pending')],
      heartbeats: { ...quiet, launches: [heartbeatOf(1)] },
    }),
  );
  expect(conditionOf(decision, 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
  expect(decision.events.filter(({ type }) => type === 'Warning')).toEqual([]);
});

describe('secrets bind late', () => {
  test('a launch whose instance was served what is desired now carries out that generation', () => {
    const { status, effect } = decideAt(
      factsOf({
        status: statusOf({ desired: desiredOf(3, 'b'), launch: booting(), instance: undefined }),
        environment: environmentOf('b'),
        heartbeats: {
          ...quiet,
          launches: [heartbeatOf(1, { alive: false, fresh: false, env: envDigest('b') })],
        },
      }),
    );
    expect(status.launch).toMatchObject({ number: 1, generation: 3 });
    expect(effect).toBeUndefined();
  });

  test('a launch made for another machine never absorbs a generation', () => {
    const decision = decideValidated(
      factsOf({
        status: statusOf({
          desired: desiredOf(2, 'a', { machine: 'm1:other:class', cause: 'SpecChanged' }),
          launch: launchOf(),
        }),
        machine: 'm1:other:class',
      }),
    );
    expect(decision.status.launch).toMatchObject({ number: 2, cause: { kind: 'SpecChanged', ref: '2' } });
  });
});
