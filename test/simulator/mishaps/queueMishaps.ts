import type { Deliver } from '../../../dev/ec2/cloud/events.ts';
import { isOurs } from '../scene/ours.ts';
import type { Scene } from '../scene/scene.ts';
import { type Mishap, pick, upTo, type Weighted } from './weighted.ts';

const STATES = ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'];
const STATE_CHANGE = 'EC2 Instance State-change Notification';
/** An event as late as that has been taken for missed, and may find its instance ended and forgotten. */
const MOST_LATE_MS = 90_000;
/** Messages that somebody sends at once. */
const MOST_SENT = 40;

/** What goes wrong with EC2's events, and what others send to their queue. */
export function queueMishaps({ clock, random, service }: Scene): Weighted<Mishap> {
  const { cloud, faults } = service;
  const { events } = cloud;
  const some = (most: number) => upTo(random, most);

  function forAWhile(what: string, how: Deliver): string {
    events.deliver(how);
    clock.setTimeout(() => events.deliver(() => [0]), 10_000 + some(120_000));
    return `events: ${what}`;
  }

  /** Mostly of our instances, as a sender who can read their ids would forge it; some of others. */
  function forged(): string {
    const ours = [...cloud.instances.values()].filter(isOurs).map(({ id }) => id);
    const id = ours.length > 0 && random.next() < 0.8 ? pick(random, ours) : `i-${cloud.hex()}`;
    return pick(random, [
      events.bodyOf('aws.ec2', STATE_CHANGE, id, { state: pick(random, STATES) }),
      events.bodyOf('aws.ec2', STATE_CHANGE, id, { state: pick(random, STATES) }),
      events.bodyOf('aws.ec2', 'EC2 Spot Instance Interruption Warning', id, {}),
      events.bodyOf('aws.health', 'AWS Health Event', id, {}),
      events.bodyOf('somebody', 'Anything', id, {}),
      `{"${id}`,
    ]);
  }

  return [
    [2, () => forAWhile('none comes', () => [])],
    [2, () => forAWhile('some are lost', () => (random.next() < 0.5 ? [] : [0]))],
    [2, () => forAWhile('they are late, and out of order', () => [some(MOST_LATE_MS)])],
    [2, () => forAWhile('they come twice', () => [some(5_000), some(MOST_LATE_MS)])],
    [
      3,
      () => {
        const count = 1 + some(MOST_SENT);
        for (let nth = 0; nth < count; nth += 1) events.send(forged(), some(10_000));
        return `events: somebody sends ${count} messages`;
      },
    ],
    [
      2,
      () => {
        const action = pick(random, ['ReceiveMessage', 'DeleteMessageBatch']);
        const code = pick(random, [
          'AccessDenied',
          'AWS.SimpleQueueService.NonExistentQueue',
          'InternalError',
        ]);
        faults.add({ action, fault: { kind: 'error', code }, times: 1 + some(20) });
        return `SQS: ${action} is answered with ${code}`;
      },
    ],
  ];
}
