import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { LiveFiles } from '../config/liveFiles.ts';
import type { Clock } from '../controller/lib/clock.ts';
import { createRepeater } from '../ec2/observe/repeater.ts';
import { caBundleOf } from '../gateway/served/caBundle.ts';
import { createTrustCount, createTrustNews, type TrustDeps } from '../gateway/served/trust.ts';

/** Pause between two counts, ms. */
const COUNT_MS = 60_000;

export interface TrustWatchOptions extends TrustDeps {
  files: LiveFiles;
  clock: Clock;
  logger: Logger;
  registry: Registry;
  /** Called when launches would not take the certificate. */
  onNote(note: string): void;
}

export function createTrustMetrics(registry: Registry) {
  const registers = [registry];
  return {
    distrusting: new Gauge({
      name: 'gateway_launches_distrusting',
      help: 'Launches that are heard and hold a CA bundle which does not stand the certificate that this gateway shows',
      registers,
    }),
    without: new Gauge({
      name: 'gateway_launches_without_bundle',
      help: 'Launches that are heard and hold an earlier CA bundle of the operator’s; at 0 the certificate may change to one of the new CA',
      registers,
    }),
    unknown: new Gauge({
      name: 'gateway_launches_with_unknown_bundle',
      help: 'Launches that are heard and name a CA bundle that the operator does not know; the other two gauges leave them out',
      registers,
    }),
  };
}

/** Counts, each minute and when a file changed, how launches take the certificate that the gateway shows. */
export function watchTrust(options: TrustWatchOptions): { stop(): Promise<void> } {
  const { files, clock, registry } = options;
  const logger = options.logger.child({ component: 'trust' });
  const metrics = createTrustMetrics(registry);
  const count = createTrustCount(options);
  const news = createTrustNews(logger, options.onNote);
  const repeater = createRepeater({
    clock,
    task: async () => {
      const bundle = caBundleOf(files.caBundle);
      if (!files.tls || !bundle) return;
      const trust = await count(files.tls.cert, bundle);
      metrics.distrusting.set(trust.distrusting);
      metrics.without.set(trust.without);
      metrics.unknown.set(trust.unknown);
      news(trust);
    },
    onError: (error) => logger.warn({ err: error }, 'launches not counted by their CA bundle; again later'),
    pauseMs: () => COUNT_MS,
  });
  files.onNews(() => void repeater.runNow().catch(() => undefined));
  repeater.start();
  return { stop: repeater.stop };
}
