import { startLeaderElection } from '../../../src/controller/lease/leaderElection.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';
import { silentLogger } from '../../support/base/silentLogger.ts';
import type { Access } from '../apiServer/apiServer.ts';
import { connect, metrics } from '../apiServer/connection.ts';
import { NAMESPACE } from '../apiServer/objects.ts';

/** Seconds from the moment that a leader is cut off for good until another leads, with the lease's default times. */
export async function measureFailover(access: Access): Promise<number> {
  const stand = (identity: string) => {
    const transport = connect(access);
    let lead: () => void = () => undefined;
    const leads = new Promise<void>((resolve) => {
      lead = resolve;
    });
    const elector = startLeaderElection({
      transport,
      lease: { namespace: NAMESPACE, name: 'bench' },
      identity,
      clock,
      random,
      logger: silentLogger(),
      metrics,
      onStarted: lead,
    });
    return { transport, leads, elector };
  };
  const first = stand('first');
  await first.leads;
  const second = stand('second');
  // Any moment between two renewals may be the last.
  await new Promise((resolve) => setTimeout(resolve, 3_000 + 2_000 * random.next()));
  const cutAt = clock.monotonic();
  first.transport.request = () => new Promise(() => undefined);
  await second.leads;
  const seconds = (clock.monotonic() - cutAt) / 1000;
  await second.elector.stop();
  await second.transport.close();
  await first.transport.close();
  return seconds;
}
