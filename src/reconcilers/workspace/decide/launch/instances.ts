import type { Launch } from '../../../../api/kinds/workspace.ts';
import { clientToken } from '../../../../api/launch/token.ts';
import { iso, plus } from '../../../../controller/lib/time.ts';
import { isCurrentMachine } from '../desire/change.ts';
import { holdsDesiredEnvironment } from '../desire/desired.ts';
import { takeAsShown } from '../desire/found.ts';
import { awaitSweep, type Draft, eventOf, wakeAfter } from '../facts/decision.ts';
import type { InstanceFact } from '../facts/facts.ts';
import { sweptThisTerm } from '../facts/swept.ts';
import type { View } from '../facts/view.ts';
import { takenBack } from '../health/interruption.ts';
import { isHeard } from '../health/silence.ts';
import { sayFallback } from '../offer/refused.ts';
import {
  findInstance,
  heartbeatOf,
  inDoubt,
  isAnothers,
  isOfAnotherLaunch,
  isOurs,
  provenGone,
  recordEnd,
  trackEnding,
  wakeForProof,
} from '../record/ending.ts';
import { startupTimeoutMs } from '../record/recovery.ts';

const SWEEP_RETRY_MS = 1000;

/** Records EC2's view and the heartbeats of our launches in the status: adoption, ends, first heartbeats. */
export function observeInstances(draft: Draft): void {
  const { launch } = draft.status;
  if (!launch) return;
  adoptInstance(draft, launch);
  observePresent(draft, launch);
  settleTerminating(draft);
}

/** An instance that carries this launch's number and token is this launch's, however we came to see it. */
function adoptInstance(draft: Draft, launch: Launch): void {
  // One that waits has an instance only if the status is older than the launch: restored, or edited.
  const isOlder = launch.phase === 'Waiting';
  const misnamed = misnamedBy(draft, launch);
  if (!inDoubt(launch) && !isOlder && misnamed === undefined) return;
  const { clusterID, workspace, instances } = draft.facts;
  const token = clientToken(clusterID, workspace.metadata.uid, launch.number);
  const found = instances.find(
    (instance) => instance.number === launch.number && instance.clientToken === token,
  );
  if (!found) return;
  launch.instanceID = found.id;
  if (misnamed !== undefined) {
    disown(draft, misnamed);
    if (!isOlder) return;
  }
  if (isOlder) {
    launch.phase = 'Submitted';
    launch.submittedAt = found.launchTime ?? iso(draft.now.wall);
  }
  if (found.generation !== launch.generation) takeAsFound(draft, launch, found);
  // However long the doubt lasted, the instance has the whole time to start.
  launch.deadline = iso(plus(draft.now.wall, startupTimeoutMs(draft)));
  draft.status.provisions += 1;
  const { fallback, params } = launch;
  if (fallback && params) draft.events.push(eventOf('CapacityFallback', sayFallback(fallback, params)));
}

/** The id of an instance that the launch names and, as far as EC2 shows, did not make. */
function misnamedBy(view: View, { number, instanceID, ended }: Launch): string | undefined {
  const instance = instanceID === undefined || ended ? undefined : findInstance(view, instanceID);
  const isOwn = instance && isOurs(view, instance) && instance.number === number;
  return instance && !isOwn ? instanceID : undefined;
}

/**
 * Made for another generation than the one on record, as only a status that went back unseen can bring about. What it
 * holds may be an older content, so what is desired gets a generation that its replacement could spend.
 */
function takeAsFound({ status: { desired } }: Draft, launch: Launch, { generation }: InstanceFact): void {
  launch.generation = generation;
  if (desired) desired.generation = Math.max(generation, desired.generation) + 1;
}

function observePresent(draft: Draft, launch: Launch): void {
  const { status } = draft;
  if (launch.instanceID === undefined) {
    const shown = status.instance;
    if (launch.phase !== 'Waiting') status.instance = undefined;
    else if (shown) show(draft, shown.id, shown.env);
    return;
  }
  const instance = findInstance(draft, launch.instanceID);
  if (instance && isOfAnotherLaunch(draft, instance, launch.number)) {
    status.instance = undefined;
    if (!launch.ended) disown(draft, instance.id, launch);
    return;
  }
  const heartbeat = heartbeatOf(draft, launch);
  // The environment of a predecessor is no evidence about its successor.
  const known = status.instance?.id === launch.instanceID ? status.instance.env : undefined;
  show(draft, launch.instanceID, heartbeat?.env ?? known, isHeard(heartbeat));
  if (heartbeat?.alive && launch.readyAt === undefined && !launch.ended) launch.readyAt = iso(draft.now.wall);
  takeAsShown(draft, launch, instance);
  absorbCurrent(draft, launch);
  if (!instance || launch.ended) return;
  if (instance.state === 'shutting-down' || instance.state === 'terminated') {
    const outcome = takenBack(instance) ? 'Interrupted' : 'Ended';
    recordEnd(draft, launch, outcome, { message: instance.stateReason ?? `EC2 says ${instance.state}.` });
    trackEnding(draft, launch.number, instance.id);
  } else if (provenGone(draft, launch.number, instance.id)) {
    recordEnd(draft, launch, 'Lost', { message: 'EC2 does not know the instance any more.' });
    trackEnding(draft, launch.number, instance.id);
  } else {
    wakeForProof(draft, instance);
  }
}

function show(draft: Draft, id: string, env: string | undefined, heard = false): void {
  const shown = draft.status.instance;
  if (shown?.id === id && isUnread(draft, id)) {
    // A sweep that lacks an instance never seen before triggers no pass, so this schedules one.
    awaitSweep(draft, { from: draft.facts.process.termAt });
    wakeAfter(draft, SWEEP_RETRY_MS);
    draft.status.instance = { ...shown, env };
    return;
  }
  const instance = findInstance(draft, id);
  if (!instance) {
    draft.status.instance = { id, state: 'Unknown', env };
    return;
  }
  // Of one that EC2 no longer shows, status keeps what it was: neither changes while an instance lives.
  const known = shown?.id === id ? shown : undefined;
  const type = instance.type || known?.type;
  const zone = instance.zone || known?.zone;
  const { privateIP } = instance;
  draft.status.instance = { id, state: shownState(instance, heard), type, zone, privateIP, env };
}

/** Until a whole sweep of this term has been read, not seeing an instance is no news of it. */
function isUnread(view: View, id: string): boolean {
  return !findInstance(view, id) && !sweptThisTerm(view.facts);
}

/**
 * EC2's own state while it shows the instance. Only a terminated instance may vanish. A sweep can be older than a
 * first heartbeat, which proves that the instance runs.
 */
function shownState({ state, missing, notFound }: InstanceFact, heard: boolean): string {
  if (heard && state === 'pending') return 'running';
  return (missing || notFound) && state !== 'terminated' ? 'Unknown' : state;
}

/** Secrets bind late: a launch whose instance holds what is desired now carries out that generation, whenever it came. */
function absorbCurrent(draft: Draft, launch: Launch): void {
  const { desired, instance } = draft.status;
  if (!desired || launch.phase !== 'Submitted' || instance?.env === undefined) return;
  if (!isCurrentMachine(draft, launch)) return;
  if (holdsDesiredEnvironment(draft.facts, desired.env, instance.env)) launch.generation = desired.generation;
}

/** Drops an instance of another request from the status: a status writer must not be able to end, stop or keep it. */
function disown(draft: Draft, id: string, launch?: Launch): void {
  const message = `The status names ${id}, which EC2 says that this launch did not make; it is left alone. See who may write workspaces/status.`;
  draft.events.push(eventOf('NotOurs', message));
  if (launch) recordEnd(draft, launch, 'Lost', { message });
}

function settleTerminating(draft: Draft): void {
  const { status } = draft;
  if (!status.terminating) return;
  const deleting = draft.facts.workspace.metadata.deletionTimestamp !== undefined;
  const launchNumber = status.launch?.ended ? Number.POSITIVE_INFINITY : (status.launch?.number ?? 0);
  const wanted = status.launch?.ended ? undefined : status.launch?.instanceID;
  const left = status.terminating.filter(({ number, instanceID }) => {
    // No decision names the present instance as one that ends before its launch is over.
    if (instanceID === wanted) return false;
    const instance = findInstance(draft, instanceID);
    // A status that went back may name an instance of a later launch: it is this launch's own, or found by its tags.
    if (instance && !deleting && isOurs(draft, instance) && instance.number >= launchNumber) return false;
    if (!instance || !isAnothers(draft, instance)) return !provenGone(draft, number, instanceID);
    disown(draft, instanceID);
    return false;
  });
  status.terminating = left.length > 0 ? left : undefined;
}
