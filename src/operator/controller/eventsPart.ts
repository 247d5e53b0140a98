import type { Platform } from '../../cluster/cluster.ts';
import { need } from '../../config/commandLine.ts';
import type { Ec2Metrics } from '../../ec2/calls/metrics.ts';
import { createEventMetrics } from '../../ec2/events/metrics.ts';
import { createReceiver, type Receiver, type ReceiverOptions } from '../../ec2/events/receiver.ts';
import { createQueueTrust, type Distrust, type QueueTrust } from '../../ec2/events/trust.ts';

export interface EventsPart {
  trust: QueueTrust;
  start(cloud: ReceiverOptions['cloud'] & { isResting(): boolean }): void;
  stop(): Promise<void>;
}

const SAID: Readonly<Record<Distrust, string>> = {
  missed: 'no event told of a change that EC2 shows',
  unreadable: 'it holds a message about an instance of this cluster that is no event of EC2’s',
  unreachable: 'it can’t be read',
};

/** The queue of EC2's events; undefined where none is configured. */
export function createEventsPart(
  { config: { aws }, clock, random, logger: parent, registry, openQueue }: Platform,
  ec2Metrics: Ec2Metrics,
  on: { distrust(): void; tell(note: string): void },
): EventsPart | undefined {
  const { eventsQueueUrl: queueURL } = aws;
  if (queueURL === undefined) return undefined;
  const logger = parent.child({ component: 'events' });
  const metrics = createEventMetrics(registry);
  let receiver: Receiver | undefined;
  let cloud: { isResting(): boolean } | undefined;
  metrics.watchRest(() => cloud?.isResting());

  function tell(why: Distrust, more: string): void {
    on.tell(
      `The queue of EC2’s events is not relied on: ${SAID[why]}${more}. EC2 is swept every ${aws.sweepIntervalMs / 1_000} s until it tells again. See docs/install/events.md.`,
    );
  }

  const trust = createQueueTrust({
    clock,
    onDistrust(why, id) {
      on.distrust();
      // Told of with its cause below.
      if (why === 'unreachable') return;
      if (why === 'missed') metrics.missed();
      logger.warn({ event: 'events.distrusted', why, instanceID: id }, `sweeps don’t rest: ${SAID[why]}`);
      tell(why, id === undefined ? '' : ` (${id})`);
    },
  });

  return {
    trust,
    start(given) {
      trust.reset();
      cloud = given;
      receiver = createReceiver({
        open: () =>
          openQueue({
            region: need(aws.region, 'aws.region'),
            queueURL,
            timeoutMs: aws.timeoutMs,
            metrics: ec2Metrics,
          }),
        cloud: given,
        trust,
        metrics,
        clock,
        random,
        logger,
        onFailure(error) {
          logger.warn(
            { event: 'events.unreachable', err: error },
            'the queue of EC2’s events can not be read; sweeps don’t rest',
          );
          tell('unreachable', error instanceof Error ? `: ${error.message}` : '');
        },
      });
      receiver.start();
    },
    async stop() {
      cloud = undefined;
      await receiver?.stop();
      receiver = undefined;
      trust.reset();
    },
  };
}
