import { stopInstances } from '../../../dev/ec2/actions/power.ts';
import { runInstances } from '../../../dev/ec2/actions/run.ts';
import { currentState, type InstanceRecord } from '../../../dev/ec2/base/model.ts';
import type { Fault } from '../../../dev/ec2/exchange/faults.ts';
import { isOurs } from '../scene/ours.ts';
import { CONFIG, type Scene } from '../scene/scene.ts';
import { type Shape, TYPES } from '../scene/shape.ts';
import { type Mishap, pick, upTo, type Weighted } from './weighted.ts';

const ACTIONS = [
  'RunInstances',
  'TerminateInstances',
  'StopInstances',
  'StartInstances',
  'DescribeInstances',
];
const ZONES = ['*', 'eu-sim-1a', 'eu-sim-1b'];
/** Quotas of one bucket of families and one capacity type. */
const BUCKETS: readonly string[] = ['Spot/Standard', 'OnDemand/Standard', 'OnDemand/G and VT'];
const CAPACITY_TYPES = [undefined, 'OnDemand', 'Spot'] as const;

/** A request that hangs is given up after 15 s; with this much more it still lands before T_late. */
export const MOST_LATE_MS = CONFIG.timing.lateMs - CONFIG.aws.timeoutMs - 5_000;

/**
 * Between two times in which EC2 hides an instance it shows it for so long, ms, that the operator sees it: the protocol
 * claims that one absence ends by T_vis, and several without a gap would be one.
 */
export const SEEN_BETWEEN_MS = 3 * CONFIG.aws.sweepIntervalMs;

/** What goes wrong at EC2 and with instances. */
export function cloudMishaps(
  scene: Scene,
  { copies: hasCopies }: Shape,
  mostLateMs: number,
): Weighted<Mishap> {
  const { clock, random, service, agents } = scene;
  const { cloud, faults } = service;
  /** When an instance that was hidden has been seen again, monotonic ms, by its id. */
  const seenAgain = new Map<string, number>();
  const quota = { ...cloud.account.quota, buckets: {} };
  const some = (most: number) => upTo(random, most);

  function fault(): Fault {
    const how = random.next() < 0.5 ? 'reset' : 'hang';
    return pick<Fault>(random, [
      { kind: 'lostRequest', how },
      { kind: 'lostResponse', how },
      { kind: 'late', how, afterMs: some(mostLateMs) },
      { kind: 'delayedAnswer', ms: some(14_000) },
      { kind: 'latency', ms: some(10_000) },
      { kind: 'error', code: 'InternalError' },
      { kind: 'error', code: 'RequestLimitExceeded' },
    ]);
  }

  function onInstance(
    what: string,
    states: readonly string[],
    act: (instance: InstanceRecord) => void,
  ): string | undefined {
    const there = [...cloud.instances.values()].filter(
      (it) => isOurs(it) && states.includes(currentState(it)),
    );
    const instance = there.length > 0 ? pick(random, there) : undefined;
    if (!instance) return undefined;
    act(instance);
    return `${instance.id} ${what}`;
  }

  function lackCapacity(left: number, mostMs: number): string {
    // Not as a fault of one request: a replay of a launch that happened is never refused.
    const rule = {
      type: pick(random, ['*', ...TYPES]),
      zone: pick(random, ZONES),
      capacityType: pick(random, CAPACITY_TYPES),
    };
    const { capacityType, ...pool } = rule;
    const lacking = { ...pool, ...(capacityType && { capacityType }) };
    faults.capacity({ ...lacking, left });
    clock.setTimeout(() => faults.capacity({ ...lacking, left: Number.POSITIVE_INFINITY }), some(mostMs));
    return `${pool.type} in ${pool.zone} ${capacityType ?? ''}`;
  }

  /** Somebody else's launch, with the tags that one of ours has. */
  function copy(instance: InstanceRecord): void {
    const clientToken = random.next() < 0.5 ? { clientToken: `another-${some(2 ** 31)}` } : {};
    runInstances(cloud, {
      imageID: instance.imageID,
      instanceType: instance.type,
      subnetID: instance.subnetID,
      securityGroupIDs: instance.securityGroupIDs,
      userData: '',
      dryRun: false,
      spot: false,
      blockDevices: [],
      instanceTags: instance.tags,
      volumeTags: [],
      other: {},
      ...clientToken,
    });
  }

  const copies: Weighted<Mishap> = [
    [
      1,
      () => {
        try {
          return onInstance('is copied with its tags', ['running'], copy);
        } catch (error) {
          return `a copy is refused: ${String(error)}`;
        }
      },
    ],
  ];

  return [
    [
      6,
      () => {
        const rule = { action: pick(random, ACTIONS), fault: fault(), times: 1 + some(2) };
        faults.add(rule);
        return `EC2: ${rule.action} ${JSON.stringify(rule.fault)}`;
      },
    ],
    [2, () => `EC2: no capacity for ${lackCapacity(some(2), 90_000)}`],
    [
      3,
      () => {
        // A refusal of the replay says nothing of the request that is still on its way.
        const late = { kind: 'late', how: 'reset', afterMs: some(mostLateMs) } as const;
        faults.add({ action: 'RunInstances', fault: late });
        return `EC2: the next launch is late, and no capacity for ${lackCapacity(0, 60_000)}`;
      },
    ],
    [
      1,
      () => {
        const which = pick(random, ['vcpus', 'vcpus', 'spotVcpus', 'instances', ...BUCKETS] as const);
        const most = some(2 * cloud.instances.size);
        if (BUCKETS.includes(which)) cloud.account.quota.buckets = { [which]: most };
        else cloud.account.quota[which as 'vcpus'] = most;
        clock.setTimeout(() => Object.assign(cloud.account.quota, quota), 20_000 + some(120_000));
        return `EC2: the quota of ${which} is ${most}`;
      },
    ],
    [
      1,
      () => {
        const refused = pick(random, ['Blocked', 'PendingVerification'] as const);
        cloud.account.refused = refused;
        clock.setTimeout(() => delete cloud.account.refused, 10_000 + some(60_000));
        return `EC2: the account is ${refused}`;
      },
    ],
    [
      2,
      () =>
        onInstance('is hidden', ['pending', 'running'], ({ id, visibleAt }) => {
          const now = clock.monotonic();
          // What EC2 has not shown since its birth it goes on hiding, or it shows it for a while.
          const shownLately = now >= visibleAt && now < visibleAt + SEEN_BETWEEN_MS;
          if (shownLately || now < (seenAgain.get(id) ?? 0)) return;
          const ms = some(CONFIG.timing.visibilityMs - 15_000);
          seenAgain.set(id, now + ms + SEEN_BETWEEN_MS);
          faults.hide(id, ms);
        }),
    ],
    [2, () => onInstance('ends by itself', ['running'], ({ id }) => faults.end(id))],
    [
      1,
      () =>
        onInstance('is stopped by somebody', ['running'], ({ id, spot }) => {
          if (!spot) stopInstances(cloud, { ids: [id], dryRun: false });
        }),
    ],
    [
      1,
      () =>
        onInstance('is taken back if it is Spot', ['running'], ({ id, spot }) => {
          if (spot) faults.interrupt(id);
        }),
    ],
    [
      2,
      () =>
        onInstance('falls silent', ['running'], ({ id }) => {
          agents.controls.silence(id, true);
          clock.setTimeout(() => agents.controls.silence(id, false), 10_000 + some(200_000));
        }),
    ],
    ...(hasCopies ? copies : []),
  ];
}
