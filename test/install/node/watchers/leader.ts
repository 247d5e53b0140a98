import { OPERATOR_NAMESPACE } from '../../../../dev/stack/install.ts';
import { LEASES, type Lease } from '../../../../src/controller/lease/lease.ts';
import { systemClock } from '../../../../src/controller/lib/clock.ts';
import { until } from '../../../scenarios/scene/until.ts';
import type { NodeScene } from '../scene.ts';
import { type LeaseSpec, type Terms, termsOf } from './terms.ts';
import { repeat, type Watcher } from './watch.ts';

/** Sees who led, by the lease's own times, until a renewal after its end: that there is a leader then is proven too. */
export function watchLeader({ kube }: NodeScene): Watcher<Terms> {
  const states: LeaseSpec[] = [];
  let version: string | undefined;
  async function look(): Promise<void> {
    const lease = await kube.get<Lease>(LEASES, 'workspace-operator', OPERATOR_NAMESPACE);
    if (lease.metadata.resourceVersion === version) return;
    version = lease.metadata.resourceVersion;
    if (lease.spec !== undefined) states.push(lease.spec);
  }

  let overAt = Number.NaN;
  const end = repeat(look);
  return {
    async end() {
      await end();
      overAt = systemClock.now();
    },
    async seen() {
      await until('a leader renews its lease', async () => {
        await look();
        const { holderIdentity, renewTime } = states.at(-1) ?? {};
        return Boolean(holderIdentity) && Date.parse(renewTime ?? '') >= overAt;
      });
      return termsOf(states);
    },
  };
}
