import type { Launch, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { clientToken } from '../../../../api/launch/token.ts';
import { traitsOf } from '../../../../api/reasons/causes.ts';
import type { Violation } from '../../../../api/reasons/violations.ts';
import type { LedgerEntry } from './ledger.ts';

/** A breach of the law, in words that name the launches and instances. */
export interface Finding {
  violation: Violation;
  message: string;
}

type Started = Extract<LedgerEntry, { kind: 'started' }>;
type Spent = Pick<Launch, 'number' | 'cause' | 'instanceID'>;

/** Whether this provision spends what no other has, by the records before and after it. */
export function auditProvision(
  { number, cause: kind, ref }: Started,
  before: WorkspaceStatus,
  after: WorkspaceStatus,
): Finding | undefined {
  const { spends } = traitsOf(kind);
  const of = `launch ${number} spends ${spends} ${ref} (${kind})`;
  const others = [before, after].flatMap(({ launch, history = [] }): Spent[] => [
    ...(launch ? [launch] : []),
    ...history,
  ]);
  const twin = others.find(
    ({ number: other, cause, instanceID }) =>
      other !== number && instanceID && cause?.ref === ref && traitsOf(cause.kind).spends === spends,
  );
  if (twin) return { violation: 'NoChange', message: `${of}, and so did launch ${twin.number}` };
  const reached = after.desired?.generation;
  const unopened = spends === 'generation' && reached !== undefined && Number(ref) > reached;
  return unopened ? { violation: 'NoChange', message: `${of}, and only ${reached} has counted` } : undefined;
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
export function auditInstances(clusterID: string, uid: string, shown: readonly Shown[]): Finding[] {
  const ours = shown.filter(
    ({ number, clientToken: token }) => token === clientToken(clusterID, uid, number),
  );
  const findings: Finding[] = [];
  const live = ours.filter(
    ({ state, missing, notFound }) => (state === 'pending' || state === 'running') && !missing && !notFound,
  );
  if (live.length > 1) {
    const named = live.map(({ id, number, state }) => `${id} (launch ${number}, ${state})`).sort();
    findings.push({
      violation: 'TwoInstances',
      message: `EC2 shows ${named.join(' and ')} at the same time`,
    });
  }
  const idsOf = new Map<number, string[]>();
  for (const { id, number } of ours) idsOf.set(number, [...(idsOf.get(number) ?? []), id]);
  for (const [number, ids] of idsOf) {
    if (ids.length > 1)
      findings.push({
        violation: 'NumberReused',
        message: `EC2 shows ${ids.sort().join(' and ')} for launch ${number}`,
      });
  }
  return findings;
}
