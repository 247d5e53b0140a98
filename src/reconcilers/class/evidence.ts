import { classNameOf } from '../../api/kinds/room.ts';
import type { Launch, Workspace } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { MissingEvidence } from '../../api/reasons/classReasons.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import { msBetween } from '../../controller/lib/time.ts';
import type { EvidenceView } from '../../gateway/store/evidence.ts';
import type { CloudVerdict, EvidenceVerdict } from './decide/facts.ts';
import { type Hearing, mostSilent, silentAtOnce } from './massSilence.ts';

export interface ClassEvidenceOptions {
  workspaces: Pick<Store<Workspace>, 'byIndex' | 'onChange'>;
  classes: Pick<Store<WorkspaceClass>, 'list'>;
  /** A Workspace as others go by it; as it stands without it. */
  ofOthers?: (workspace: Workspace) => Workspace;
  evidence: EvidenceView;
  /** Asked once a refresh. */
  cloud(): CloudVerdict;
  clock: Clock;
  /** How long one second of a class's `…Seconds` field lasts, ms. */
  secondMs: number;
  /** The evidence that a class lacks has changed. */
  onChange(className: string): void;
}

export interface ClassEvidence {
  /** As of the last refresh. */
  of(className: string): EvidenceVerdict;
  cloud(): CloudVerdict;
  /** Of each class what is missing, by its reason. */
  missing(): Iterable<readonly [className: string, reason: MissingEvidence]>;
  /** Whether more of the class fell silent within one heartbeat timeout than can be blamed on them. */
  massSilence(className: string): boolean;
  /** Judges every class again: once a poll of the evidence, never by a reconcile. @param isNew whether any row may be another since */
  refresh(isNew: boolean): void;
}

const AVAILABLE = { reason: 'Available' } as const;

export function createClassEvidence(options: ClassEvidenceOptions): ClassEvidence {
  const { workspaces, classes, evidence, clock, secondMs, ofOthers = (workspace) => workspace } = options;
  let verdicts = new Map<string, EvidenceVerdict>();
  let cloud: CloudVerdict = AVAILABLE;
  /** Each class as it was last heard, until a row, one of its Workspaces or what silence means changes: a fleet at rest costs no walk. */
  const heard = new Map<string, { hearing: Hearing; rowsAreBack: boolean }>();

  workspaces.onChange(({ object, old }) => {
    for (const workspace of old ? [object, old] : [object]) heard.delete(classNameOf(workspace));
  });

  function judge({ metadata, spec }: WorkspaceClass): EvidenceVerdict {
    const missing = evidence.missing();
    if (missing === 'Database') return { reason: 'DatabaseUnavailable' };
    if (missing === 'Gateway') return { reason: 'GatewayUnavailable' };
    const timeoutMs = spec.heartbeat.timeoutSeconds * secondMs;
    const hearing = hear(metadata.name, timeoutMs);
    const silent = silentAtOnce(hearing, timeoutMs);
    const { expected } = hearing;
    return silent > mostSilent(expected) ? { reason: 'MassSilence', silent, expected } : AVAILABLE;
  }

  function hear(className: string, timeoutMs: number): Hearing {
    const since = evidence.availableSince();
    // After a loss of the rows they come back with the next heartbeats.
    const rowsAreBack = since !== undefined && msBetween(since, clock.monotonic()) >= timeoutMs;
    const known = heard.get(className);
    if (known?.rowsAreBack === rowsAreBack) return known.hearing;
    const hearing = walk(className, rowsAreBack);
    heard.set(className, { hearing, rowsAreBack });
    return hearing;
  }

  function walk(className: string, rowsAreBack: boolean): Hearing {
    const silent: (number | undefined)[] = [];
    let expected = 0;
    for (const workspace of workspaces.byIndex('class', className).map(ofOthers)) {
      const launch = classNameOf(workspace) === className ? expectedToHeartbeat(workspace) : undefined;
      if (!launch) continue;
      expected += 1;
      const row = evidence.ofWorkspace(workspace.metadata.uid).find(({ number }) => number === launch.number);
      if (row?.lastHeartbeatAt === undefined ? rowsAreBack : !row.fresh) silent.push(row?.lastHeartbeatAt);
    }
    return { expected, silent };
  }

  return {
    of: (className) => verdicts.get(className) ?? AVAILABLE,
    massSilence: (className) => verdicts.get(className)?.reason === 'MassSilence',
    cloud: () => cloud,
    *missing() {
      for (const [className, { reason }] of verdicts) {
        for (const word of [reason, cloud.reason]) if (word !== 'Available') yield [className, word];
      }
    },
    refresh(isNew) {
      if (isNew) heard.clear();
      const before = verdicts;
      const cloudBefore = cloud;
      cloud = options.cloud();
      verdicts = new Map(classes.list().map((klass) => [klass.metadata.name, judge(klass)]));
      for (const [className, { reason }] of verdicts) {
        const changed = (before.get(className) ?? AVAILABLE).reason !== reason;
        if (changed || cloud.reason !== cloudBefore.reason) options.onChange(className);
      }
    },
  };
}

/** A launch that was heard before and is meant to run. An instance that EC2 shows as stopped or ended is silent for a reason of its own. */
function expectedToHeartbeat({ metadata, status }: Workspace): Launch | undefined {
  const { launch, instance } = status ?? {};
  if (metadata.deletionTimestamp !== undefined || launch?.phase !== 'Submitted') return undefined;
  if (launch.readyAt === undefined || launch.ended) return undefined;
  return instance?.state === 'running' || instance?.state === 'Unknown' ? launch : undefined;
}
