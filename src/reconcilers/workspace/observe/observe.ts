import { UserDataTooLarge } from '../../../agent/userData.ts';
import { FINALIZER } from '../../../api/base/meta.ts';
import { own } from '../../../api/base/own.ts';
import { occupies, recordedRooms } from '../../../api/kinds/room.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import { clientToken } from '../../../api/launch/token.ts';
import type { Term } from '../../../controller/lease/leaderElection.ts';
import type { MonoMs } from '../../../controller/lib/time.ts';
import { type ObservedInstance, TAG } from '../../../ec2/calls/port.ts';
import { haltNames } from '../../fleet/contentNames.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import { forgetInstances, type Memory, type WorkspaceMemory } from '../context/memory.ts';
import { machinesOf } from '../decide/desire/asked.ts';
import { trackChange } from '../decide/desire/debounce.ts';
import { observedDigests } from '../decide/desire/desired.ts';
import type {
  EnvironmentFact,
  Facts,
  HeartbeatFact,
  InstanceFact,
  Now,
  ResolutionFact,
  UserDataFact,
} from '../decide/facts/facts.ts';
import type { MoveFact } from '../decide/facts/roomFacts.ts';
import { trackSilence } from '../decide/health/silence.ts';
import { trackDeadline, trackEnd } from '../decide/record/deadline.ts';
import { isForeign } from '../decide/record/recovery.ts';
import { contentNames } from '../decide/replace/rollout.ts';
import { namespaceAllowed } from './allowed.ts';
import { paramsAuthentic } from './authenticity.ts';
import { changedNames, observeEnvironment, trackBase } from './secrets.ts';

/** A class's terms as they were looked up for this very version of it. */
export interface ResolvedClass {
  of: WorkspaceClass;
  fact: ResolutionFact;
}

/** Gathers the facts of one Workspace. A fact that could not be read is unknown; only a bug throws. */
export async function observe(
  deps: WorkspaceDeps,
  memory: Memory,
  workspace: Workspace,
  term: Term,
  resolved: ResolvedClass | undefined,
  onUnread: (what: string, error: unknown) => void,
): Promise<{ facts: Facts; now: Now }> {
  const key = `${workspace.metadata.namespace}/${workspace.metadata.name}`;
  const mine = memory.of(key, workspace.metadata.uid);
  mine.since ??= deps.clock.monotonic();
  const className = classOf(mine, workspace, term);
  const klass = deps.classes.get(className);
  const classAllowed = isAllowed(deps, klass, workspace);
  const move = moveOf(deps, workspace, className);
  const environment = await observeEnvironment(
    deps,
    workspace,
    mine,
    classAllowed || move?.allowed === true,
  ).catch((error: unknown): EnvironmentFact => {
    onUnread('Secrets', error);
    return { kind: 'Unknown' };
  });
  const userData = await observeUserData(deps, klass, onUnread);
  const now = { wall: deps.clock.now(), mono: deps.clock.monotonic() };
  const instances = instancesOf(deps, workspace);
  forgetInstances(mine, new Set([...instances.map(({ id }) => id), ...onRecord(workspace).keys()]));
  noteVersion(mine, workspace, instances, now.mono);
  const facts: Facts = {
    clusterID: deps.clusterID,
    workspace,
    class: klass,
    classAllowed,
    move,
    paramsAuthentic: paramsAuthentic(deps, workspace),
    environment,
    haltNames: haltNames(deps.fleet.names, klass),
    fleet: deps.fleet.factFor(workspace, []),
    ...(klass && machinesOf(workspace, klass)),
    resolution: resolved?.of === klass ? resolved?.fact : undefined,
    refused: deps.offerings.snapshot(workspace.metadata.uid),
    instances,
    sweptAt: deps.cloud.lastSweep()?.begunAt,
    heartbeats: {
      available: deps.evidence.available(),
      since: deps.evidence.availableSince(),
      massSilence: deps.massSilence(className),
      launches: heartbeatsOf(deps, workspace),
    },
    earlier: deps.earlierSelves(key),
    process: {
      epoch: term.id,
      termAt: term.acquiredAt,
      wrote: mine.wroteInTerm === term.id,
      suspectSince: mine.suspectSince,
      sends: mine.sends?.number === workspace.status?.launch?.number ? mine.sends : undefined,
      answer: mine.answer,
      validations: memory.validations(now.mono),
      terminateSentAt: mine.terminateSentAt,
      terminateRefusals: mine.terminateRefusals,
      finalizerRefusal: mine.finalizerRefusal,
      powerSentAt: mine.powerSentAt,
      powerAnswers: mine.powerAnswers,
      console: mine.console,
    },
    timing: deps.timing,
    userData,
  };
  const observed = observedDigests(facts);
  const recorded = workspace.status?.desired;
  if (observed) trackBase(mine, recorded?.env, observed.env);
  const { acquiredAt } = term;
  mine.change = trackChange(mine.change, recorded, observed, changedNames(mine), now.mono, acquiredAt);
  mine.silence = trackSilence(mine.silence, workspace.status, facts.heartbeats, now, acquiredAt);
  mine.deadline = trackDeadline(mine.deadline, workspace.status, now);
  mine.ended = trackEnd(mine.ended, workspace.status, now);
  const { change, silence, deadline, ended } = mine;
  const nameOf = deps.fleet.names.of(workspace, environment);
  const fleet = deps.fleet.factFor(workspace, contentNames(facts), nameOf);
  return { facts: { ...facts, fleet, process: { ...facts.process, change, silence, deadline, ended } }, now };
}

/**
 * The class that the Workspace is in. Of a launch that an earlier release opened only this process knows: it is the class
 * that spec.className named when this term first looked.
 */
function classOf(mine: WorkspaceMemory, workspace: Workspace, term: Term): string {
  const recorded = recordedRooms(workspace)?.at(-1)?.className;
  const seen = mine.seenClass?.termID === term.id && occupies(workspace.status) ? mine.seenClass : undefined;
  const className = recorded ?? seen?.className ?? workspace.spec.className;
  mine.seenClass = { termID: term.id, className };
  return className;
}

function isAllowed(deps: WorkspaceDeps, klass: WorkspaceClass | undefined, { metadata }: Workspace): boolean {
  return klass !== undefined && namespaceAllowed(klass, deps.namespaces.get(metadata.namespace));
}

function moveOf(deps: WorkspaceDeps, workspace: Workspace, from: string): MoveFact | undefined {
  const { className } = workspace.spec;
  if (className === from) return undefined;
  const klass = deps.classes.get(className);
  const room = deps.fleet.roomFor(workspace, className);
  return { from, class: klass, allowed: isAllowed(deps, klass, workspace), room };
}

async function observeUserData(
  deps: WorkspaceDeps,
  klass: WorkspaceClass | undefined,
  onUnread: (what: string, error: unknown) => void,
): Promise<UserDataFact> {
  try {
    return { ok: true, source: await deps.userDataFor(klass?.spec.userData) };
  } catch (error) {
    if (error instanceof UserDataTooLarge) {
      return {
        ok: false,
        kind: 'invalid',
        message: `WorkspaceClass "${klass?.metadata.name}": ${error.message}.`,
      };
    }
    onUnread('user data', error);
    const cause = error instanceof Error ? error.name : 'an unknown error';
    const message = `What user data is made from could not be kept in a ConfigMap of the operator’s namespace (${cause}): see the operator’s log, and grant it to get and create ConfigMaps there.`;
    return { ok: false, kind: 'unavailable', message };
  }
}

/** Instances that EC2 shows under our uid, and every instance on record: those are known by their ids, not by their tags. */
function instancesOf(deps: WorkspaceDeps, workspace: Workspace): InstanceFact[] {
  const known = onRecord(workspace);
  const tagged = deps.cloud.ofWorkspace(workspace.metadata.uid).flatMap((instance): InstanceFact[] => {
    const number = known.has(instance.id) ? undefined : numberOf(deps, workspace, instance);
    return number === undefined ? [] : [instanceFact(instance, number)];
  });
  const recorded = [...known].flatMap(([id, named]): InstanceFact[] => {
    const instance = deps.cloud.get(id);
    // The status may name an instance of ours under another number, as one does that went back or was edited.
    const number = (instance && numberOf(deps, workspace, instance)) ?? named;
    if (instance) {
      const missingTags = tagsMissing(instance, expectedTags(deps, workspace, number));
      return [{ ...instanceFact(instance, number), ...(missingTags.length > 0 && { missingTags }) }];
    }
    const notFound = deps.cloud.notFound(id);
    if (!notFound) return [];
    // Never seen by this process: only its look-ups speak for it.
    return [{ id, number, generation: 0, state: 'Unknown', type: '', zone: '', notFound, missing: true }];
  });
  return [...tagged, ...recorded];
}

/**
 * The launch of this Workspace that made the instance. Tags only find it: anyone who may tag instances can copy ours. EC2 shows
 * the client token of each instance of our requests, so an instance without it is a copy, and must not hold its Workspace up.
 */
function numberOf(
  { clusterID }: WorkspaceDeps,
  { metadata }: Workspace,
  instance: ObservedInstance,
): number | undefined {
  const number = wholeNumber(instance.tags[TAG.number]);
  if (number === undefined) return undefined;
  return instance.clientToken === clientToken(clusterID, metadata.uid, number) ? number : undefined;
}

/** Our tags as a launch gives them to its instance; of the generation any will do. */
function expectedTags({ clusterID }: WorkspaceDeps, { metadata }: Workspace, number: number) {
  return [
    [TAG.cluster, clusterID],
    [TAG.uid, metadata.uid],
    [TAG.namespace, metadata.namespace],
    [TAG.name, metadata.name],
    [TAG.number, String(number)],
    [TAG.generation, undefined],
  ] as const;
}

function tagsMissing({ tags }: ObservedInstance, expected: ReturnType<typeof expectedTags>): string[] {
  return expected.flatMap(([key, value]) => {
    const found = own(tags, key);
    return found === undefined || (value !== undefined && found !== value) ? [key] : [];
  });
}

/** The launches' numbers by the ids of the instances that the status names. */
function onRecord(workspace: Workspace): Map<string, number> {
  // Instances in another object's status belong to that object.
  const { launch, terminating } = (!isForeign(workspace) && workspace.status) || {};
  const numbers = new Map(terminating?.map(({ number, instanceID }) => [instanceID, number]));
  if (launch?.instanceID) numbers.set(launch.instanceID, launch.number);
  return numbers;
}

/** A launch number or generation as the operator writes it into a tag. */
function wholeNumber(tag: string | undefined): number | undefined {
  return tag !== undefined && /^[1-9][0-9]{0,8}$/.test(tag) ? Number(tag) : undefined;
}

function instanceFact(instance: ObservedInstance, number: number): InstanceFact {
  const { id, clientToken, state, type, zone, privateIP, launchTime } = instance;
  const { imageID, capacityType, subnetID, securityGroupIDs, instanceProfile } = instance;
  const { notFound, missing, impaired, stateReasonCode, stateReason } = instance;
  const generation = wholeNumber(instance.tags[TAG.generation]) ?? 0;
  return {
    id,
    number,
    generation,
    clientToken,
    state,
    type,
    zone,
    imageID,
    capacityType,
    subnetID,
    securityGroupIDs,
    instanceProfile,
    privateIP,
    launchTime,
    stateReasonCode,
    stateReason,
    notFound,
    missing,
    impaired,
  };
}

function heartbeatsOf(deps: WorkspaceDeps, workspace: Workspace): HeartbeatFact[] {
  return deps.evidence.ofWorkspace(workspace.metadata.uid).map((row) => ({
    number: row.number,
    boot: row.boot,
    env: row.env,
    alive: row.lastHeartbeatAt !== undefined,
    fresh: row.fresh,
    lastHeartbeatAt: row.lastHeartbeatAt,
    interruption: row.interruption,
    trouble: row.trouble,
  }));
}

/** Follows whether the status may be lost: wiped, rolled back, or older than an instance of ours (design, rule 4). */
function noteVersion(
  memory: WorkspaceMemory,
  workspace: Workspace,
  instances: readonly InstanceFact[],
  mono: MonoMs,
): void {
  const version = BigInt(workspace.metadata.resourceVersion);
  if (memory.version !== undefined && version < memory.version) memory.rolledBackAt ??= mono;
  memory.version = version;
  const number = workspace.status?.launch?.number;
  const finalized = workspace.metadata.finalizers?.includes(FINALIZER) ?? false;
  const wiped = finalized && number === undefined;
  const outrun = instances.some((instance) => instance.number > (number ?? 0));
  if (wiped || isForeign(workspace) || (finalized && outrun) || memory.rolledBackAt !== undefined)
    memory.suspectSince ??= mono;
  else memory.suspectSince = undefined;
}
