import { describe, expect, test } from 'vitest';
import { conditionOf, decideAt, written } from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  desiredOf,
  doubtful,
  environmentOf,
  factsOf,
  launchOf,
  MINUTE,
  NOW,
  type Overrides,
  refusalOf,
  stamp,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { refusedOf } from '../../../../../test/support/workspace/refused.ts';
import { offeringKey } from '../../../../api/launch/offering.ts';
import { TAG } from '../../../../api/launch/tags.ts';
import { plus } from '../../../../controller/lib/time.ts';
import { fingerprint, rankOfferings } from './offerings.ts';

const resolved = factsOf().resolution;
if (!resolved?.ok) throw new Error('the facts are resolved');

const rank = (uid: string, klass = classOf().spec, spec: Record<string, unknown> = {}) =>
  rankOfferings(factsOf({ spec }).workspace.spec, klass, resolved, uid).map(offeringKey);

describe('offerings', () => {
  test('are all that the class allows, capacity types and instance types in the class’s order', () => {
    const klass = classOf({ capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' }).spec;
    const ranked = rank('uid-1', klass);
    expect(ranked).toHaveLength(8);
    expect(ranked.slice(0, 4).every((key) => key.endsWith('/Spot'))).toBe(true);
    const types = ranked.map((key) => key.split('/')[0]);
    expect(types.slice(0, 4)).toEqual(['m7i.large', 'm7i.large', 'm6i.large', 'm6i.large']);
  });

  test('are of one type when the Workspace names it', () => {
    expect(rank('uid-1', undefined, { instanceType: 'm6i.large' })).toHaveLength(2);
    expect(rank('uid-1', undefined, { instanceType: 'x1.huge' })).toEqual([]);
  });

  test('are asked in the same order each time, and Workspaces spread over the zones', () => {
    expect(rank('uid-1')).toEqual(rank('uid-1'));
    const first = new Set(Array.from({ length: 40 }, (_, i) => rank(`uid-${i}`)[0]));
    expect(first).toEqual(new Set(['m7i.large/a/OnDemand', 'm7i.large/b/OnDemand']));
  });
});

describe('a dry run’s fingerprint', () => {
  const { params } = launchOf();
  if (!params) throw new Error('a launch has parameters');

  const tagsOf = (name: string, ofClass: Record<string, string> = {}) =>
    Object.entries({
      [TAG.uid]: `uid-${name}`,
      [TAG.namespace]: 'default',
      [TAG.name]: name,
      Name: `default/${name}`,
      ...ofClass,
    }).map(([key, value]) => ({ key, value }));

  test('is one for Workspaces that differ only in the tags that name them', () => {
    const ofClass = { team: 'research' };
    const [ada, bob] = ['ada', 'bob'].map((name) => fingerprint({ ...params, tags: tagsOf(name, ofClass) }));
    expect(ada).toBe(bob);
  });

  test('is the same for each launch that is rendered alike', () => {
    const [second, third] = [2, 3].map((launch) =>
      fingerprint({ ...params, request: { version: 2, launch } }),
    );
    expect(second).toBe(third);
  });

  test.each([
    ['rendering', { request: { version: 2, launch: 2 } }],
    ['image', { imageID: 'ami-2' }],
    ['type', { instanceType: 'm6i.large' }],
    ['capacity', { capacityType: 'Spot' as const }],
    ['subnet', { subnetID: 'subnet-2' }],
    ['security groups', { securityGroupIDs: ['sg-2'] }],
    ['profile', { instanceProfile: 'other' }],
    ['volume', { rootVolume: { ...params.rootVolume, sizeGiB: 31 } }],
    ['tag of the class', { tags: [...params.tags, { key: 'team', value: 'research' }] }],
    ['name that the class gives', { tags: [...params.tags, { key: 'Name', value: 'agents' }] }],
    ['script of the class', { userData: { ...params.userData, classDigest: 'other' } }],
    ['boot stub', { userData: { ...params.userData, stub: 2 } }],
    ['gateway', { userData: { ...params.userData, gatewayURL: 'https://other' } }],
  ])('is another with another %s', (_what, change) => {
    expect(fingerprint({ ...params, ...change })).not.toBe(fingerprint(params));
  });
});

describe('what EC2 refuses', () => {
  const both = classOf({ capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' });
  const spotFull = (ms: number) =>
    refusedOf('MaxSpotInstanceCountExceeded', ms, { capacityType: 'Spot' }, 'quota');
  const onDemandFull = (ms: number) => refusedOf('VcpuLimitExceeded', ms, {}, 'quota');

  /** Refused for launch 1, with nothing on its way. */
  function down(more: Overrides = {}, code = 'MaxSpotInstanceCountExceeded') {
    const launch = doubtful();
    if (launch.params) launch.params = { ...launch.params, capacityType: 'Spot' };
    const answer = refusalOf(1, 'quota');
    const said = { ...answer, result: { ...answer.result, code } } as typeof answer;
    return factsOf({
      class: both,
      status: statusOf({ launch, instance: undefined, provisions: 0 }),
      instances: [],
      heartbeats: { available: true, since: 0, launches: [] },
      process: { answer: said },
      ...more,
    });
  }

  /** Serves, and is to be replaced for a Secret. */
  const outdated = (more: Overrides = {}) =>
    factsOf({
      class: both,
      status: statusOf({ desired: desiredOf(2, 'b', { changed: ['ada-env/KEY'] }) }),
      environment: environmentOf('b'),
      ...more,
    });

  test('in one bucket is asked for in another at once, which is no failure, and is recorded', () => {
    const { status, effect } = decideAt(down({ refused: [spotFull(MINUTE)] }));
    expect(effect).toMatchObject({ kind: 'RunInstances', number: 2 });
    expect(status.launch).toMatchObject({
      failures: 0,
      params: { capacityType: 'OnDemand' },
      fallback: { from: 'Spot', code: 'MaxSpotInstanceCountExceeded' },
    });
    expect(status.refusals).toEqual([
      expect.objectContaining({
        class: 'quota',
        code: 'MaxSpotInstanceCountExceeded',
        capacityType: 'Spot',
        at: stamp(0),
        until: stamp(MINUTE),
      }),
    ]);
  });

  test('everywhere is waited for, with what AWS says of each bucket', () => {
    const decision = decideAt(down({ refused: [spotFull(2 * MINUTE), onDemandFull(MINUTE)] }));
    expect(decision.effect).toBeUndefined();
    expect(decision).toMatchObject({ requeueAfterMs: MINUTE, awaitsOffering: true });
    const { reason, message } = conditionOf(decision, 'Ready');
    expect(reason).toBe('QuotaExceeded');
    expect(message).toContain('MaxSpotInstanceCountExceeded (Spot, Standard types with 2 vCPUs or more)');
    expect(message).toContain('VcpuLimitExceeded (OnDemand, Standard types with 2 vCPUs or more)');
    expect(conditionOf(decision, 'Stalled').status).toBe('True');
  });

  test('for lack of capacity in one bucket is what is shown: it passes without a person', () => {
    const noRoom = ['m7i.large', 'm6i.large'].flatMap((instanceType) =>
      ['a', 'b'].map((zone) => refusedOf('InsufficientInstanceCapacity', MINUTE, { instanceType, zone })),
    );
    const decision = decideAt(down({ refused: [spotFull(MINUTE), ...noRoom] }));
    expect(conditionOf(decision, 'Ready').reason).toBe('CapacityUnavailable');
  });

  test('does not change what others show each time that it is refused again', () => {
    const at = (ms: number) => {
      const decision = decideAt(outdated({ refused: [spotFull(ms), onDemandFull(2 * ms)] }));
      return conditionOf(decision, 'UpToDate').message;
    };
    expect(at(MINUTE)).toBe(at(15 * MINUTE));
  });

  test('is shown with the next attempt by the Workspace that EC2 answered, and stays as it is until then', () => {
    const refused = [spotFull(MINUTE), onDemandFull(2 * MINUTE)];
    const first = decideAt(down({ refused }));
    const { message } = conditionOf(first, 'Ready');
    expect(message).toContain(`Ask AWS for a higher quota; the next attempt is at ${stamp(MINUTE)}.`);
    const later = decideAt(down({ refused, status: first.status }), MINUTE / 2);
    expect(conditionOf(later, 'Ready').message).toBe(message);
  });

  test('in all buckets ends nothing that serves, for a change as for a person’s restart', () => {
    for (const spec of [{}, { requests: { restart: 'now' } }]) {
      const refused = [spotFull(MINUTE), onDemandFull(MINUTE)];
      for (const ms of [0, MINUTE, 2 * MINUTE - 1]) {
        const { decision } = written(outdated({ spec, refused }), ms);
        expect(decision.effect).toBeUndefined();
        expect(decision.status.launch?.number).toBe(1);
        expect(conditionOf(decision, 'Ready').status).toBe('True');
        expect(conditionOf(decision, 'UpToDate')).toMatchObject({ status: 'False', reason: 'QuotaExceeded' });
      }
      const later = decideAt(outdated({ spec, refused }), 2 * MINUTE);
      expect(later.effect?.kind).toBe('DryRun');
    }
  });

  test('is found out again by what is down, while what serves leaves it to others', () => {
    const refused = [spotFull(MINUTE), onDemandFull(MINUTE)];
    const { status } = decideAt(down({ refused }));
    const waiting = down({ refused, status });
    expect(decideAt(waiting, MINUTE - 1).effect).toBeUndefined();
    expect(decideAt(waiting, MINUTE).effect).toMatchObject({ kind: 'RunInstances', number: 2 });
    expect(decideAt(outdated({ refused }), MINUTE).effect).toBeUndefined();
  });

  test('in one bucket only: what serves is replaced in the other', () => {
    const { effect } = decideAt(outdated({ refused: [spotFull(MINUTE)] }));
    expect(effect).toMatchObject({ kind: 'DryRun', params: { capacityType: 'OnDemand' } });
  });

  test('a refusal of the account of any kind holds off every launch', () => {
    const account = [refusedOf('Blocked', MINUTE, {}, 'userFix')];
    const { decision } = written(outdated({ refused: account }));
    expect(decision.effect).toBeUndefined();
    expect(conditionOf(decision, 'UpToDate')).toMatchObject({ reason: 'InvalidConfiguration' });
  });

  test('is recorded where a refusal of smaller types, whose time is over, covers it as well', () => {
    const launch = doubtful();
    if (launch.params)
      launch.params = { ...launch.params, instanceType: 'm7i.2xlarge', capacityType: 'Spot' };
    const code = 'MaxSpotInstanceCountExceeded';
    const refused = [
      { ...refusedOf(code, MINUTE, { capacityType: 'Spot' }, 'quota'), until: NOW.mono - 1 },
      refusedOf(code, 2 * MINUTE, { capacityType: 'Spot', instanceType: 'm7i.2xlarge' }, 'quota'),
    ];
    const status = statusOf({ launch, instance: undefined, provisions: 0 });
    expect(decideAt(down({ refused, status })).status.refusals).toEqual([
      expect.objectContaining({ instanceType: 'm7i.2xlarge', until: stamp(2 * MINUTE) }),
    ]);
  });

  test('what is put on record later says since when and for how long it holds, so that the next one doubles it', () => {
    const held = { ...spotFull(MINUTE / 2), heldUntil: plus(NOW.mono, (3 * MINUTE) / 2) };
    expect(decideAt(down({ refused: [held] })).status.refusals).toEqual([
      expect.objectContaining({ at: stamp(-MINUTE / 2), until: stamp(MINUTE / 2) }),
    ]);
  });

  test('is kept once for each bucket, and dropped when it is over', () => {
    const first = decideAt(down({ refused: [spotFull(MINUTE), onDemandFull(MINUTE)] })).status;
    const again = { ...first, launch: down().workspace.status?.launch };
    const renewed = [spotFull(4 * MINUTE), onDemandFull(4 * MINUTE)];
    const second = decideAt(down({ status: again, refused: renewed })).status;
    expect(second.refusals?.map(({ until }) => until)).toEqual([stamp(4 * MINUTE)]);
    const over = decideAt(down({ status: second, refused: [] }), 9 * MINUTE).status;
    expect(over.launch?.number).toBe(2);
    expect(over.refusals).toBeUndefined();
  });
});

test('what is Ready on another capacity type than the class prefers says so', () => {
  const launch = launchOf({ fallback: { from: 'Spot', code: 'MaxSpotInstanceCountExceeded' } });
  const { message } = conditionOf(decideAt(factsOf({ status: statusOf({ launch }) })), 'Ready');
  expect(message).toMatch(/It is OnDemand, which costs more: EC2 refused Spot \(MaxSpot/);
});
