import type { FaultInput } from '../../../dev/apiserver/faults/faultSchema.ts';
import type { People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import { type Mishap, pick, upTo, type Weighted } from './weighted.ts';

const OPERATORS = { userAgent: 'operator' };
const REFUSALS = [409, 403, 429, 500, 503];

/** What goes wrong at the API server, and with what is kept there. */
export function clusterMishaps(scene: Scene, people: People): Weighted<Mishap> {
  const { api, clock, random } = scene;
  const some = (most: number) => upTo(random, most);

  function during(ms: number, fault: FaultInput): void {
    const { remove } = api.faults.add(fault);
    clock.setTimeout(remove, ms);
  }

  /** The write lands and its answer is lost; the retries are refused. */
  function loseThenRefuse(status: number, times: number): void {
    const match = { ...OPERATORS, verbs: ['patch', 'update'], resources: ['workspaces'] };
    const lost = api.faults.add({ match, effect: { kind: 'disconnect', when: 'after' }, times: 1 });
    const forget = api.state.onCommit(() => {
      // The answer is lost after the commit.
      clock.setTimeout(() => {
        if (!api.faults.active().some(({ id, hits }) => id === lost.id && hits > 0)) return;
        lost.remove();
        forget();
        during(30_000, { match, effect: { kind: 'error', status }, times });
      }, 0);
    });
  }

  return [
    [
      4,
      () => {
        const effects = [
          { kind: 'disconnect', when: 'before' },
          { kind: 'disconnect', when: 'after' },
          { kind: 'error', status: 503 },
          { kind: 'error', status: 409 },
          { kind: 'latency', ms: some(9_000) },
        ] as const;
        const effect = pick(random, effects);
        api.faults.add({ match: OPERATORS, effect, times: 1 + some(3) });
        return `API server: ${JSON.stringify(effect)}`;
      },
    ],
    [
      3,
      () => {
        const status = pick(random, REFUSALS);
        const times = 1 + some(4);
        loseThenRefuse(status, times);
        return `API server: the next write of a Workspace lands, its answer is lost, and ${times} more get ${status}`;
      },
    ],
    [
      2,
      () => {
        const jitterMs = 500 + some(1_500);
        during(20_000 + some(60_000), { match: OPERATORS, effect: { kind: 'latency', ms: 0, jitterMs } });
        return `API server: answers take up to ${jitterMs} ms`;
      },
    ],
    [
      2,
      () => {
        const ms = 2_000 + some(25_000);
        const resources = pick(random, [undefined, ['workspaces'], ['secrets'], ['workspaceclasses']]);
        const match = { ...OPERATORS, ...(resources && { resources }) };
        during(ms, { match, effect: { kind: 'freezeWatch' } });
        return `API server: watches of ${resources ?? 'all'} are stale for ${ms} ms`;
      },
    ],
    [1, () => `${api.faults.closeWatches(OPERATORS)} watches break`],
    [
      1,
      () => {
        const name = pick(random, people.names());
        if (!people.read(name)?.status?.launch) return undefined;
        people.wipe(name);
        return `the status of ${name} is wiped`;
      },
    ],
  ];
}
