import type { Platform } from '../../cluster/cluster.ts';
import { need } from '../../config/commandLine.ts';
import { type MonoReading, msBetween } from '../../controller/lib/time.ts';
import { isEc2Failure } from '../../ec2/calls/errors.ts';
import type { Ec2Metrics } from '../../ec2/calls/metrics.ts';
import { createEventMetrics } from '../../ec2/events/metrics.ts';
import { createReceiver, type Receiver, type ReceiverOptions } from '../../ec2/events/receiver.ts';
import { createQueueTrust, type Distrust, type QueueTrust } from '../../ec2/events/trust.ts';

/** Least time between two events about one cause, ms. */
const TELL_AGAIN_MS = 600_000;

export interface EventsPart {
  trust: QueueTrust;
  start(cloud: ReceiverOptions['cloud'] & { isResting(): boolean }): void;
  stop(): Promise<void>;
}

const SAID: Readonly<Record<Distrust, string>> = {
  missed: 'no event reported a change that EC2 shows',
  unreadable: 'it holds a message about an instance of this cluster that is no event of EC2’s',
  unreachable: 'it can’t be read',
};

/** The queue of EC2's events; undefined where none is configured. */
export function createEventsPart(
  { config: { aws }, clock, random, logger: parent, registry, openQueue }: Platform,
  ec2Metrics: Ec2Metrics,
  on: { distrust(): void; report(note: string): void },
): EventsPart | undefined {
  const { eventsQueueUrl: queueURL } = aws;
  if (queueURL === undefined) return undefined;
  const logger = parent.child({ component: 'events' });
  const metrics = createEventMetrics(registry);
  let receiver: Receiver | undefined;
  let cloud: { isResting(): boolean } | undefined;
  metrics.watchRest(() => cloud?.isResting());

  /** When each cause was reported: a thousand missed changes are one event and one line. */
  const toldAt = new Map<string, MonoReading>();

  function report(why: Distrust, more: string, error?: unknown): void {
    const now = clock.monotonic();
    const cause = `${why} ${isEc2Failure(error) ? error.code : ''}`;
    const last = toldAt.get(cause);
    if (last !== undefined && msBetween(last, now) < TELL_AGAIN_MS) return;
    toldAt.set(cause, now);
    logger.warn({ event: 'events.distrusted', why, err: error }, `sweeps don’t rest: ${SAID[why]}${more}`);
    on.report(
      `The queue of EC2’s events is not relied on: ${SAID[why]}${more}. EC2 is swept every ${aws.sweepIntervalMs / 1_000} s until it reports again. See docs/install/events.md.`,
    );
  }

  const trust = createQueueTrust({
    clock,
    onDistrust(why, id) {
      on.distrust();
      // Reported with its cause below.
      if (why === 'unreachable') return;
      if (why === 'missed') metrics.missed();
      report(why, id === undefined ? '' : ` (${id})`);
    },
  });

  return {
    trust,
    start(given) {
      trust.reset();
      toldAt.clear();
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
          report('unreachable', error instanceof Error ? `: ${error.message}` : '', error);
        },
      });
      receiver.start();
    },
    async stop() {
      cloud = undefined;
      await receiver?.stop();
      receiver = undefined;
    },
  };
}
