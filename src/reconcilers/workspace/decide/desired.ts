import { digestKeyID } from '../../../api/environment.ts';
import { machineChangedBy } from '../../../api/machine.ts';
import type { CauseKind } from '../../../api/workspace.ts';
import { changeDueAt } from './debounce.ts';
import { type Draft, iso, wakeAfter } from './decision.ts';
import type { Facts } from './facts.ts';

const MOST_NAMES = 32;
const UNREAD_RETRY_MS = 5000;

/** The digest of the present content, under the key that the recorded digest names if it is at hand. */
export function observedDigests(facts: Facts): { env: string; machine: string } | undefined {
  const { environment, machine } = facts;
  if (environment.kind !== 'Merged' || machine === undefined) return undefined;
  const recorded = facts.workspace.status?.desired?.env;
  const key = recorded === undefined ? environment.currentKey : digestKeyID(recorded);
  const env = environment.digests[key] ?? environment.digests[environment.currentKey];
  return env === undefined ? undefined : { env, machine };
}

/** Records what the instance should be. A change counts once it has stood still, once for a whole burst. */
export function desire(draft: Draft): void {
  const { facts, now, status } = draft;
  // A change that could not be read is not over; nobody else would look again.
  if (facts.environment.kind === 'Unknown') wakeAfter(draft, UNREAD_RETRY_MS);
  const observed = observedDigests(facts);
  if (!observed || facts.workspace.spec.paused) return;
  if (!status.desired) {
    status.desired = {
      generation: (status.launch?.generation ?? 0) + 1,
      ...observed,
      // A launch without a desired state was found again after its status was wiped.
      cause: status.launch?.number ? 'SecretChanged' : 'Created',
      at: iso(now.wall),
    };
    return;
  }
  const change = facts.process.change;
  if (!change || (change.env === status.desired.env && change.machine === status.desired.machine)) return;
  const debounceMs = (facts.class?.spec.rollout.debounceSeconds ?? 2) * facts.timing.secondMs;
  const wait = changeDueAt(change, debounceMs) - now.mono;
  if (wait > 0) {
    wakeAfter(draft, wait);
    return;
  }
  const cause = causeOf(status.desired, observed, change.changed);
  status.desired = {
    generation: status.desired.generation + 1,
    ...observed,
    cause,
    changed: change.changed.length > 0 ? change.changed.slice(0, MOST_NAMES) : undefined,
    at: iso(now.wall),
  };
}

function causeOf(
  before: { env: string; machine: string },
  after: { env: string; machine: string },
  changed: readonly string[],
): CauseKind {
  if (before.machine !== after.machine) return machineChangedBy(before.machine, after.machine);
  const plainOnly = changed.length > 0 && changed.every((name) => /^-?env\//.test(name));
  return plainOnly ? 'EnvChanged' : 'SecretChanged';
}

/** Whether an environment digest stands for the desired content, each judged under the key it names. */
export function holdsDesiredEnvironment(facts: Facts, desired: string, held: string): boolean {
  if (held === desired) return true;
  const { environment } = facts;
  if (environment.kind !== 'Merged') return false;
  return (
    environment.digests[digestKeyID(held)] === held && environment.digests[digestKeyID(desired)] === desired
  );
}
