import type { KubeRequest, Transport } from '../../../src/controller/client/transport.ts';
import {
  type LeaderElectionOptions,
  type LeaderElector,
  startLeaderElection,
} from '../../../src/controller/lease/leaderElection.ts';
import type { Lease } from '../../../src/controller/lease/lease.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { seededRandom } from '../base/seededRandom.ts';
import { silentLogger } from '../base/silentLogger.ts';
import { createVirtualClock, type VirtualClock } from '../base/virtualClock.ts';
import { createFakeKubeApi } from './fakeKubeApi.ts';
import type { FakeKubeApi } from './fakeKubeApiPort.ts';

export const PATH = '/apis/coordination.k8s.io/v1/namespaces/system/leases';
export const isWrite = (request: KubeRequest) => request.method !== 'GET';

const running: { elector: LeaderElector; clock: VirtualClock }[] = [];
export async function stopCandidates(): Promise<void> {
  for (const { elector, clock } of running.splice(0)) {
    const stopped = elector.stop();
    await clock.advance(60_000);
    await stopped;
  }
}

export function cluster() {
  const clock = createVirtualClock();
  const api = createFakeKubeApi(clock, { latencyMs: 20 });
  const lease = () => api.get(PATH, 'operator', 'system') as Lease | undefined;
  return { clock, api, lease };
}

export function candidate(
  { clock, api }: { clock: VirtualClock; api: FakeKubeApi },
  name: string,
  options: Partial<LeaderElectionOptions> = {},
) {
  const terms: string[] = [];
  let connected = true;
  const metrics = createRuntimeMetrics();
  // Cut off, a candidate's requests reach no server.
  const transport: Transport = {
    stream: api.stream,
    request: (request) => {
      if (!connected) api.fault((asked) => asked === request, { kind: 'lose' });
      return api.request(request);
    },
  };
  const elector = startLeaderElection({
    transport,
    lease: { namespace: 'system', name: 'operator' },
    identity: name,
    clock,
    random: seededRandom(name.charCodeAt(0)),
    logger: silentLogger(),
    metrics,
    onStarted: (term) => terms.push(`+${term.id}`),
    onStopped: (term) => void terms.push(`-${term.id}`),
    ...options,
  });
  running.push({ elector, clock });
  const cut = () => {
    connected = false;
  };
  const heal = () => {
    connected = true;
  };
  return { elector, terms, metrics, cut, heal };
}

/** Steps through time and counts how many hold the lease at each step. */
export async function watchHolders(
  clock: VirtualClock,
  electors: LeaderElector[],
  ms: number,
): Promise<number[]> {
  const counts: number[] = [];
  for (let t = 0; t < ms; t += 50) {
    await clock.advance(50);
    counts.push(electors.filter((elector) => elector.held()).length);
  }
  return counts;
}
