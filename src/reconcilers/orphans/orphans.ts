import type { KubeObject } from '../../controller/client/client.ts';
import { isApiError } from '../../controller/client/errors.ts';
import { listAll } from '../../controller/client/kubeClient.ts';
import type { Term } from '../../controller/lease/leaderElection.ts';
import { requireTerm } from '../../controller/lease/leadership.ts';
import type { MonoMs } from '../../controller/lib/time.ts';
import { isEc2Failure } from '../../ec2/calls/errors.ts';
import { type ObservedInstance, type Sweep, TAG } from '../../ec2/calls/port.ts';
import { WORKSPACES } from '../workspace/context/deps.ts';
import { judgeOrphans, ORPHAN_VERDICTS, type OrphanDecision } from './decide/judge.ts';
import type { OrphanDeps } from './deps.ts';
import { createEarlierSelves, type EarlierInstance } from './earlier.ts';
import { isLive, type OrphanMemory, taggedInstance } from './facts.ts';
import { createOrphanReports } from './reports.ts';

export interface Orphans {
  /** A sweep is complete: looks for orphans, unless the last round was begun less than `intervalMs` ago. */
  swept(): void;
  /** Live instances of earlier Workspaces of this key; undefined before the first round of this process. */
  earlierSelves(key: string): readonly EarlierInstance[] | undefined;
  /** Resolves when no round is under way any more; forgets all findings. */
  stop(): Promise<void>;
}

/** Looks for instances without an owner after a sweep, reports them, and ends them where the policy says so. */
export function createOrphans(deps: OrphanDeps): Orphans {
  const { cloud, clock, evidence, lease, metrics, settings } = deps;
  const memory = new Map<string, OrphanMemory>();
  const earlier = createEarlierSelves(deps.onChange);
  const reports = createOrphanReports(deps);
  let begunAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  async function round(term: Term): Promise<void> {
    const sweep = cloud.lastSweep();
    if (!sweep) return;
    // Before the list is begun: an instance that is launched meanwhile has an owner that the list may lack.
    const live = cloud.all().filter((one) => isLive(one) && deps.scope.covers(one.tags[TAG.namespace]));
    const candidates = live.filter(({ tags }) => !isOwnedInCache(tags[TAG.uid]));
    let decision: OrphanDecision = { orphans: [], end: [] };
    if (candidates.length > 0) {
      const listedAt = clock.monotonic();
      const { owners, judged } = await listOwners(candidates);
      decision = judge(term, sweep, judged, { listedAt, owners });
    }
    if (decision.hold === 'NotLookedYet') return;
    remember(decision);
    report(live, decision);
    await end(term, live, decision.end);
  }

  /** A namespace that can't be listed holds up no other: its instances are not judged this time. */
  async function listOwners(candidates: readonly ObservedInstance[]) {
    const owners = new Set<string>();
    const refused = new Set<string | undefined>();
    for (const namespace of deps.scope.namespaces ?? [undefined]) {
      try {
        const { items } = await listAll<KubeObject>(deps.kube, WORKSPACES, { namespace, metadataOnly: true });
        for (const { metadata } of items) owners.add(metadata.uid);
      } catch (error) {
        if (namespace === undefined || !isApiError(error, 403, 404)) throw error;
        refused.add(namespace);
        reports.notLooked(error, namespace);
      }
    }
    return { owners, judged: candidates.filter(({ tags }) => !refused.has(tags[TAG.namespace])) };
  }

  function isOwnedInCache(uid: string | undefined): boolean {
    return uid !== undefined && deps.workspaces.byIndex('uid', uid).length > 0;
  }

  function judge(
    { acquiredAt: termAt }: Term,
    sweep: Sweep,
    candidates: readonly ObservedInstance[],
    list: { listedAt: MonoMs; owners: ReadonlySet<string> },
  ): OrphanDecision {
    const instances = candidates.map((instance) =>
      taggedInstance(instance, evidence, memory.get(instance.id)),
    );
    const { clusterID } = deps;
    const evidenceSince = evidence.availableSince();
    const facts = { clusterID, termAt, sweep, instances, ...list, evidenceSince, ...settings };
    return judgeOrphans(facts, { wall: clock.now(), mono: clock.monotonic() });
  }

  function remember({ orphans }: OrphanDecision): void {
    const known = new Set(orphans.map(({ id }) => id));
    for (const id of memory.keys()) if (!known.has(id)) memory.delete(id);
    for (const id of known) if (!memory.has(id)) memory.set(id, { unownedSince: clock.monotonic() });
  }

  function report(live: readonly ObservedInstance[], { orphans, hold }: OrphanDecision): void {
    const byID = new Map(live.map((instance) => [instance.id, instance]));
    const judged = orphans.flatMap(({ id, verdict }) => {
      const [instance, mine] = [byID.get(id), memory.get(id)];
      return instance && mine ? [{ instance, mine, verdict }] : [];
    });
    for (const verdict of ORPHAN_VERDICTS) {
      metrics.orphans.set({ verdict }, judged.filter((orphan) => orphan.verdict === verdict).length);
    }
    reports.held(judged.some(({ verdict }) => verdict === 'Due') ? hold : undefined);
    for (const { instance, mine, verdict } of judged) {
      if (mine.reported !== verdict) reports.found(instance, verdict);
      mine.reported = verdict;
    }
    earlier.replace(judged.map(({ instance, verdict }) => ({ instance, verdict })));
  }

  async function end(term: Term, live: readonly ObservedInstance[], ids: readonly string[]): Promise<void> {
    const guard = () => requireTerm(lease, term);
    // One call each: EC2 refuses a whole call for one instance that it will not end.
    for (const id of ids) {
      const [instance, mine] = [live.find((one) => one.id === id), memory.get(id)];
      if (!instance || !mine || lease.term()?.id !== term.id) return;
      mine.endSentAt = clock.monotonic();
      try {
        await deps.calls.terminateInstances([id], { beforeSend: guard });
        metrics.ended.inc();
        reports.ended(instance);
      } catch (error) {
        if (!isEc2Failure(error)) throw error;
        reports.failed(error);
      }
    }
  }

  return {
    swept() {
      const term = lease.term();
      if (!term || running || clock.monotonic() - begunAt < settings.intervalMs) return;
      begunAt = clock.monotonic();
      running = round(term)
        .catch((error: unknown) => reports.notLooked(error))
        .finally(() => {
          running = undefined;
        });
    },
    earlierSelves: (key) => earlier.of(key),
    async stop() {
      await running;
      // The present leader reports these; a standby's last findings would be mistaken for the present ones.
      metrics.orphans.reset();
      memory.clear();
      earlier.clear();
      begunAt = Number.NEGATIVE_INFINITY;
    },
  };
}
