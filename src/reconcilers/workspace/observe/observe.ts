import { UserDataTooLarge } from '../../../agent/userData.ts';
import { FINALIZER } from '../../../api/base/meta.ts';
import { occupies, recordedRooms } from '../../../api/kinds/room.ts';
import type { Workspace } from '../../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import { objectKey } from '../../../controller/cache/store.ts';
import type { Term } from '../../../controller/lease/leaderElection.ts';
import type { MonoMs } from '../../../controller/lib/time.ts';
import { haltNames } from '../../fleet/contentNames.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import { forgetInstances, type Memory, type WorkspaceMemory } from '../context/memory.ts';
import { machinesOf } from '../decide/desire/asked.ts';
import { trackChange } from '../decide/desire/debounce.ts';
import { type AskedFacts, observedDigests } from '../decide/desire/desired.ts';
import type {
  EnvironmentFact,
  Facts,
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
import { instancesOf, onRecord } from './instances.ts';
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
  const key = objectKey(workspace);
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
  const asked = { workspace, environment, ...(klass && machinesOf(workspace, klass)) };
  const heartbeats = heartbeatsOf(deps, workspace, className);
  track(mine, asked, heartbeats, term, now);
  const facts: Facts = {
    ...asked,
    clusterID: deps.clusterID,
    class: klass,
    classAllowed,
    move,
    paramsAuthentic: paramsAuthentic(deps, workspace),
    haltNames: haltNames(deps.fleet.names, klass),
    fleet: deps.fleet.factFor(workspace, contentNames(asked), deps.fleet.names.of(workspace, environment)),
    resolution: resolved?.of === klass ? resolved?.fact : undefined,
    refused: deps.offerings.snapshot(workspace.metadata.uid),
    instances,
    sweptAt: deps.cloud.lastSweep()?.begunAt,
    heartbeats,
    earlier: deps.earlierSelves(key),
    process: {
      epoch: term.id,
      termAt: term.acquiredAt,
      wrote: mine.wroteInTerm === term.id,
      suspectSince: mine.suspectSince,
      sends: mine.sends?.number === workspace.status?.launch?.number ? mine.sends : undefined,
      answer: mine.answer,
      change: mine.change,
      silence: mine.silence,
      deadline: mine.deadline,
      ended: mine.ended,
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
  return { facts, now };
}

/** Follows what only a process that watches can know: how long a change stands still, a silence lasts, a deadline is off. */
function track(
  mine: WorkspaceMemory,
  asked: AskedFacts,
  heartbeats: Facts['heartbeats'],
  { acquiredAt }: Term,
  now: Now,
): void {
  const { status } = asked.workspace;
  const observed = observedDigests(asked);
  if (observed) trackBase(mine, status?.desired?.env, observed.env);
  mine.change = trackChange(mine.change, status?.desired, observed, changedNames(mine), now.mono, acquiredAt);
  mine.silence = trackSilence(mine.silence, status, heartbeats, now, acquiredAt);
  mine.deadline = trackDeadline(mine.deadline, status, now);
  mine.ended = trackEnd(mine.ended, status, now);
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

function heartbeatsOf(deps: WorkspaceDeps, workspace: Workspace, className: string): Facts['heartbeats'] {
  const launches = deps.evidence.ofWorkspace(workspace.metadata.uid).map((row) => ({
    number: row.number,
    boot: row.boot,
    env: row.env,
    alive: row.lastHeartbeatAt !== undefined,
    fresh: row.fresh,
    lastHeartbeatAt: row.lastHeartbeatAt,
    interruption: row.interruption,
    trouble: row.trouble,
  }));
  return {
    available: deps.evidence.available(),
    since: deps.evidence.availableSince(),
    massSilence: deps.massSilence(className),
    launches,
  };
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
