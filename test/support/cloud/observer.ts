import { Registry } from 'prom-client';
import { createEc2Metrics } from '../../../src/ec2/calls/metrics.ts';
import { createObserver, type ObserverOptions } from '../../../src/ec2/observe/observer.ts';
import { createVirtualClock } from '../base/virtualClock.ts';
import { constantRandom, instance, silent } from './ec2.ts';
import { createMemoryEc2, type HeldRead } from './memoryEc2.ts';

/** An observer over a cloud in memory, in virtual time. */
export function setUp(options: Partial<ObserverOptions> = {}, pageSize?: number) {
  const clock = createVirtualClock({ monotonic: 1_000 });
  const cloud = createMemoryEc2(pageSize);
  const registry = new Registry();
  const changes: string[] = [];
  let sweeps = 0;
  const observer = createObserver({
    calls: cloud,
    clusterID: 'cluster-1',
    clock,
    random: constantRandom(1),
    logger: silent,
    metrics: createEc2Metrics(registry),
    onChange: (uid) => changes.push(uid),
    onSweep: () => {
      sweeps += 1;
    },
    ...options,
  });
  const put = (...items: Parameters<typeof instance>[]) => {
    for (const item of items) cloud.instances.set(item[0], instance(...item));
  };
  const lookups = () => cloud.queries.filter(({ filters }) => filters?.[0]?.name === 'instance-id');
  /** The one read that waits. */
  const only = (reads: HeldRead[]): HeldRead => {
    const [read, ...others] = reads.splice(0);
    if (!read || others.length > 0)
      throw new Error(`one read should wait, not ${read ? others.length + 1 : 0}`);
    return read;
  };
  return { clock, cloud, registry, observer, changes, put, lookups, only, sweeps: () => sweeps };
}
