import type { Launch, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { clientToken } from '../../../../api/launch/token.ts';
import { traitsOf } from '../../../../api/reasons/causes.ts';
import type { Violation } from '../../../../api/reasons/violations.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Counted } from './life.ts';

/** A breach of the law, in words that name the launches and instances. */
export interface Finding {
  violation: Violation;
  message: string;
}

/** A breach that EC2 shows, with the ids of the instances in it. */
interface InstanceFinding extends Finding {
  ids: readonly string[];
}

type Started = Extract<LedgerEntry, { kind: 'started' }>;
type Spent = Pick<Launch, 'number' | 'cause' | 'instanceID'>;

/** Whether this provision spends a generation or an end that another has, by the records before and after it. */
export function auditProvision(
  { number, cause: kind, ref }: Started,
  before: WorkspaceStatus,
  after: WorkspaceStatus,
): Finding | undefined {
  const { spends } = traitsOf(kind);
  // A person may use a value again later; see auditRequest.
  if (spends === 'request') return undefined;
  const of = `launch ${number} spends ${spends} ${ref} (${kind})`;
  const twin = [...spentIn(before), ...spentIn(after)].find(
    ({ number: other, cause, instanceID }) =>
      other !== number && instanceID && cause?.ref === ref && traitsOf(cause.kind).spends === spends,
  );
  if (twin) return { violation: 'NoChange', message: `${of}, and so did launch ${twin.number}` };
  const reached = after.desired?.generation;
  const unopened = spends === 'generation' && reached !== undefined && Number(ref) > reached;
  return unopened ? { violation: 'NoChange', message: `${of}, and only ${reached} has counted` } : undefined;
}

/**
 * Whether the launch that opens next is for a request that was handled before. What counts is that the value differs from the
 * one handled last: a person may set an earlier value again. A launch that was closed before it had an instance spent nothing.
 */
export function auditRequest({ cause: kind, launch }: Counted, before: WorkspaceStatus): Finding | undefined {
  if (!launch || traitsOf(kind).spends !== 'request' || before.handled?.restart !== launch.ref)
    return undefined;
  // Others went unseen, and requests with them.
  if (launch.number !== (before.launch?.number ?? 0) + 1) return undefined;
  const last = spentIn(before).find(({ cause }) => cause && traitsOf(cause.kind).spends === 'request');
  if (last?.cause?.ref === launch.ref && !last.instanceID) return undefined;
  const message = `launch ${launch.number} spends request ${launch.ref} (${kind}), which was handled before`;
  return { violation: 'NoChange', message };
}

/** The launches on record, the newest first. */
function spentIn({ launch, history = [] }: WorkspaceStatus): Spent[] {
  return [...(launch ? [launch] : []), ...history];
}

/** EC2's view of one instance. */
export interface Shown {
  id: string;
  state: string;
  clientToken?: string;
  /** Of its tag. */
  number: number;
  /** Not in the newest read that should have shown it. */
  missing: boolean;
  notFound?: unknown;
}

/**
 * Finds breaches of the law in EC2's view. Only instances whose client token is of a launch of this Workspace count, because tags can be
 * copied. An instance that EC2 no longer shows counts as gone.
 */
export function auditInstances(clusterID: string, uid: string, shown: readonly Shown[]): InstanceFinding[] {
  const ours = shown.filter(
    ({ number, clientToken: token }) => token === clientToken(clusterID, uid, number),
  );
  const findings: InstanceFinding[] = [];
  const live = ours.filter(
    ({ state, missing, notFound }) => (state === 'pending' || state === 'running') && !missing && !notFound,
  );
  if (live.length > 1) {
    const named = live.map(({ id, number, state }) => `${id} (launch ${number}, ${state})`).sort();
    findings.push({
      violation: 'TwoInstances',
      ids: live.map(({ id }) => id),
      message: `EC2 shows ${named.join(' and ')} at the same time`,
    });
  }
  const idsOf = new Map<number, string[]>();
  for (const { id, number } of ours) idsOf.set(number, [...(idsOf.get(number) ?? []), id]);
  for (const [number, ids] of idsOf) {
    if (ids.length > 1)
      findings.push({
        violation: 'NumberReused',
        ids,
        message: `EC2 shows ${ids.sort().join(' and ')} for launch ${number}`,
      });
  }
  return findings;
}
