import { own } from '../../../../api/base/own.ts';
import { digestKeyID } from '../../../../api/environment/environment.ts';
import { isOfLeftClass } from '../../../../api/kinds/room.ts';
import type { CauseKind } from '../../../../api/kinds/workspace.ts';
import {
  changedImages,
  comparableMachines,
  hasDesiredImage,
  machineChangedBy,
  outdatedMachine,
  sameMachine,
} from '../../../../api/launch/machine.ts';
import { iso, msBetween } from '../../../../controller/lib/time.ts';
import { type Draft, eventOf, wakeAfter } from '../facts/decision.ts';
import type { Facts } from '../facts/facts.ts';
import { madeAs } from '../facts/made.ts';
import type { ChangedNames } from '../facts/processFacts.ts';
import { changeDueAt } from './debounce.ts';

const MOST_NAMES = 32;
const UNREAD_RETRY_MS = 5000;

/** What is asked for: the facts that a change shows in. */
export type AskedFacts = Pick<Facts, 'workspace' | 'environment' | 'machine' | 'machineOfNext'>;

/** The digest of the present content, under the key that the recorded digest names; the recorded one itself once that key is lost. */
export function observedDigests(facts: AskedFacts): { env: string; machine: string } | undefined {
  const { environment, machine } = facts;
  if (environment.kind !== 'Merged' || machine === undefined) return undefined;
  const recorded = facts.workspace.status?.desired?.env;
  if (recorded !== undefined && isUnderLostKey(facts, recorded)) return { env: recorded, machine };
  const env = own(
    environment.digests,
    recorded === undefined ? environment.currentKey : digestKeyID(recorded),
  );
  return env === undefined ? undefined : { env, machine };
}

/** Whether this digest can't be compared any more, because its key is lost. */
export function isUnderLostKey({ environment }: Pick<Facts, 'environment'>, digest: string): boolean {
  return environment.kind === 'Merged' && (environment.lostKeys ?? []).includes(digestKeyID(digest));
}

/** Records what the instance should be. A change counts once it has stood still, once for a whole burst. */
export function desire(draft: Draft): void {
  const { facts, now, status } = draft;
  // A change that could not be read is not over, and no other trigger would look again.
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
  renew(draft, status.desired);
  adoptMachine(draft, observed.machine);
  const change = facts.process.change;
  if (!change || (change.env === status.desired.env && change.machine === status.desired.machine)) return;
  const debounceMs = (facts.class?.spec.rollout.debounceSeconds ?? 2) * facts.timing.secondMs;
  const wait = msBetween(now.mono, changeDueAt(change, debounceMs));
  if (wait > 0) {
    wakeAfter(draft, wait);
    return;
  }
  const cause =
    isOfLeftClass(facts.workspace) && status.desired.machine !== observed.machine
      ? 'SpecChanged'
      : causeOf(status.desired, observed, change);
  const images = changedImages(status.desired.machine, observed.machine).map((name) => `image/${name}`);
  const changed = [...images, ...change.changed];
  status.desired = {
    generation: status.desired.generation + 1,
    ...observed,
    env: underCurrentKey(facts) ?? observed.env,
    cause,
    changed: changed.length > 0 ? changed.slice(0, MOST_NAMES) : undefined,
    at: iso(now.wall),
  };
  outdate(draft, observed.machine);
}

/** A digest of another version can't be compared with the one that is recorded now; the earlier verdict stays on record. */
function outdate({ status: { launch } }: Draft, recorded: string): void {
  if (launch?.machine === undefined || comparableMachines(launch.machine, recorded)) return;
  launch.machine = outdatedMachine(recorded);
}

function underCurrentKey({ environment }: Facts): string | undefined {
  return environment.kind === 'Merged' ? own(environment.digests, environment.currentKey) : undefined;
}

/**
 * Neither the controller nor the gateway can compare a digest under a lost key. Taking the content for changed would
 * replace every instance. So this records it as unchanged, under a key that exists, and reports that.
 */
function renew(draft: Draft, desired: NonNullable<Draft['status']['desired']>): void {
  const env = underCurrentKey(draft.facts);
  if (env === undefined || !isUnderLostKey(draft.facts, desired.env)) return;
  draft.events.push(
    eventOf(
      'KeyLost',
      `The key ${digestKeyID(desired.env)}, which the environment's digest names, is gone, so the operator can't compare the content and takes it for unchanged. If a Secret changed meanwhile, ask for a restart (spec.requests.restart).`,
    ),
  );
  desired.env = env;
}

/** A launch publishes its environment under the present key; records of the same content change to that key with it. */
export function digestAnew({ facts, status }: Draft): void {
  const { desired, replacement } = status;
  const env = underCurrentKey(facts);
  if (!desired || env === undefined || facts.environment.kind !== 'Merged') return;
  const before = desired.env;
  if (own(facts.environment.digests, digestKeyID(before)) !== before) return;
  desired.env = env;
  if (replacement?.before?.env === before) replacement.before.env = env;
  for (const failure of replacement?.failures ?? [])
    failure.contents = failure.contents.map((content) => (content === before ? env : content));
}

/**
 * Records a digest that is no change: one of another version where no launch exists to judge it by, or
 * one whose images are those that the instance has.
 */
function adoptMachine({ status }: Draft, observed: string): void {
  const { desired, launch } = status;
  if (!desired || desired.machine === observed) return;
  if (!comparableMachines(desired.machine, observed)) {
    if (launch?.machine === undefined) desired.machine = observed;
    return;
  }
  const imageID = launch && madeAs(launch).imageID;
  if (!sameMachine(desired.machine, observed) || !hasDesiredImage(observed, imageID)) return;
  if (launch?.machine !== undefined && sameMachine(launch.machine, desired.machine))
    launch.machine = observed;
  desired.machine = observed;
}

function causeOf(
  before: { env: string; machine: string },
  after: { env: string; machine: string },
  { changed, plain }: ChangedNames,
): CauseKind {
  if (before.machine !== after.machine) return machineChangedBy(before.machine, after.machine);
  return changed.length > 0 && plain ? 'EnvChanged' : 'SecretChanged';
}

/** Whether an environment digest stands for the desired content, each judged under the key it names. */
export function holdsDesiredEnvironment(facts: Facts, desired: string, held: string): boolean {
  if (held === desired) return true;
  const { environment } = facts;
  if (environment.kind !== 'Merged') return false;
  return (
    own(environment.digests, digestKeyID(held)) === held &&
    own(environment.digests, digestKeyID(desired)) === desired
  );
}
