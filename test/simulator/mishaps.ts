import { stopInstances } from '../../dev/ec2/actions/power.ts';
import type { Fault } from '../../dev/ec2/faults.ts';
import { currentState, type InstanceRecord } from '../../dev/ec2/model.ts';
import type { Operators } from './operators.ts';
import { CONFIG, type Scene } from './scene.ts';

const ACTIONS = [
  'RunInstances',
  'TerminateInstances',
  'StopInstances',
  'StartInstances',
  'DescribeInstances',
];

const ZONES = ['*', 'eu-sim-1a', 'eu-sim-1b'];

/** A request that hangs is given up after 15 s; with this much more it still lands before T_late. */
export const MOST_LATE_MS = CONFIG.timing.lateMs - CONFIG.aws.timeoutMs - 5_000;

/**
 * Between two times in which EC2 hides an instance it shows it for so long, ms, that the operator sees it: the protocol
 * claims that one absence ends by T_vis, and several without a gap would be one.
 */
const SEEN_BETWEEN_MS = 3 * CONFIG.aws.sweepIntervalMs;

/** One thing that goes wrong, within what the protocol claims to survive; returns what. */
export function createMishaps(scene: Scene, operators: Operators, mostLateMs: number): () => string {
  const { clock, random, service, store, api, agents } = scene;
  /** When an instance that was hidden has been seen again, monotonic ms, by its id. */
  const seenAgain = new Map<string, number>();
  const upTo = (most: number) => Math.floor(random.next() * most);
  const pick = <T>(items: readonly T[]): T | undefined => items[upTo(items.length)];
  const some = (states: readonly string[]) =>
    pick([...service.cloud.instances.values()].filter((it) => states.includes(currentState(it))));

  function fault(): Fault {
    const how = random.next() < 0.5 ? 'reset' : 'hang';
    const faults: Fault[] = [
      { kind: 'lostRequest', how },
      { kind: 'lostResponse', how },
      { kind: 'late', how, afterMs: upTo(mostLateMs) },
      { kind: 'delayedAnswer', ms: upTo(14_000) },
      { kind: 'latency', ms: upTo(10_000) },
      { kind: 'error', code: 'InternalError' },
      { kind: 'error', code: 'RequestLimitExceeded' },
    ];
    return pick(faults) ?? { kind: 'lostRequest', how };
  }

  function onInstance(
    what: string,
    states: readonly string[],
    act: (instance: InstanceRecord) => void,
  ): string {
    const instance = some(states);
    if (!instance) return `${what}: there is none`;
    act(instance);
    return `${instance.id} ${what}`;
  }

  function lackCapacity(left: number, mostMs: number): string {
    // Not as a fault of one request: a replay of a launch that happened is never refused.
    const zone = pick(ZONES) ?? '*';
    service.faults.capacity({ type: '*', zone, left });
    const lift = () => service.faults.capacity({ type: '*', zone, left: Number.POSITIVE_INFINITY });
    clock.setTimeout(lift, upTo(mostMs));
    return zone;
  }

  const mishaps: readonly [weight: number, () => string][] = [
    [
      6,
      () => {
        const when = random.next() < 0.5 ? 'before' : 'after';
        operators.strikeSoon(1 + upTo(40), when);
        return 'an operator is to die soon';
      },
    ],
    [
      2,
      () => {
        operators.freeze(5_000 + upTo(40_000));
        return 'an operator stands still';
      },
    ],
    [
      6,
      () => {
        const rule = { action: pick(ACTIONS) ?? '*', fault: fault(), times: 1 + upTo(2) };
        service.faults.add(rule);
        return `EC2: ${rule.action} ${JSON.stringify(rule.fault)}`;
      },
    ],
    [
      2,
      () => {
        const zone = lackCapacity(upTo(2), 90_000);
        return `EC2: no capacity in ${zone}`;
      },
    ],
    [
      3,
      () => {
        // A refusal of the replay says nothing of the request that is still on its way.
        service.faults.add({
          action: 'RunInstances',
          fault: { kind: 'late', how: 'reset', afterMs: upTo(mostLateMs) },
        });
        return `EC2: the next launch is late, and no capacity in ${lackCapacity(0, 60_000)}`;
      },
    ],
    [
      4,
      () => {
        const effects = [
          { kind: 'disconnect', when: 'before' },
          { kind: 'disconnect', when: 'after' },
          { kind: 'error', status: 503 },
          { kind: 'error', status: 409 },
          { kind: 'latency', ms: upTo(9_000) },
        ] as const;
        const effect = pick(effects) ?? effects[0];
        api.faults.add({ match: { userAgent: 'operator' }, effect, times: 1 + upTo(3) });
        return `API server: ${JSON.stringify(effect)}`;
      },
    ],
    [1, () => `${api.faults.closeWatches({ userAgent: 'operator' })} watches break`],
    [
      2,
      () =>
        onInstance('is hidden', ['pending', 'running'], ({ id }) => {
          const now = clock.monotonic();
          if (now < (seenAgain.get(id) ?? 0)) return;
          const ms = upTo(CONFIG.timing.visibilityMs - 15_000);
          seenAgain.set(id, now + ms + SEEN_BETWEEN_MS);
          service.faults.hide(id, ms);
        }),
    ],
    [2, () => onInstance('ends by itself', ['running'], ({ id }) => service.faults.end(id))],
    [
      1,
      () =>
        onInstance(
          'is stopped by somebody',
          ['running'],
          ({ id }) => void stopInstances(service.cloud, { ids: [id], dryRun: false }),
        ),
    ],
    [
      2,
      () =>
        onInstance('falls silent', ['running'], ({ id }) => {
          agents.controls.silence(id, true);
          clock.setTimeout(() => agents.controls.silence(id, false), 10_000 + upTo(200_000));
        }),
    ],
    [
      1,
      () => {
        store.away(true);
        clock.setTimeout(() => store.away(false), 5_000 + upTo(60_000));
        return 'the database goes away';
      },
    ],
  ];
  const total = mishaps.reduce((sum, [weight]) => sum + weight, 0);

  return () => {
    let left = random.next() * total;
    for (const [weight, happen] of mishaps) {
      left -= weight;
      if (left < 0) return happen();
    }
    return 'nothing';
  };
}
