import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { CAUSES } from '../../../src/api/reasons/causes.ts';
import type { SilenceFact } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import { trackSilence } from '../../../src/reconcilers/workspace/decide/health/silence.ts';
import { inDoubt } from '../../../src/reconcilers/workspace/decide/record/ending.ts';
import { monoMs, type Plain, wallMs } from '../../support/base/moments.ts';
import { rowsOf } from '../world/facts.ts';
import { processWith, seenBy } from '../world/parts.ts';
import { NOW } from '../world/timing.ts';
import type { StalePass, Step, Version, World } from '../world/world.ts';

type Written = Pick<StalePass, 'effect'> & { write: WorkspaceStatus };

export function step(world: World, name: string, changes: Partial<World>): Step {
  return [name, noticed({ ...world, ...changes })];
}

/** A new version: what was decided from the one before it conflicts from now on. */
export function amend(world: World, changes: Partial<Version>): Pick<World, 'object' | 'previous' | 'stale'> {
  const { object, budget, terms } = world;
  const stale = world.stale.flatMap((pass) => {
    const patches = pass.effect?.kind === 'AddFinalizer' || pass.effect?.kind === 'RemoveFinalizer';
    if (!pass.write && !patches) return [pass];
    return terms.sendsAfterConflict && pass.effect && !patches ? [{ ...pass, write: undefined }] : [];
  });
  return { object: { ...object, ...changes }, previous: budget.takeovers > 0 ? object : undefined, stale };
}

/** A status that the API server accepted, and what it says was spent. What is armed with it is signed with the present key. */
export function written(world: World, { write: status, effect }: Written): World {
  const { launch } = status;
  const highest = Math.max(world.highest, launch?.number ?? 0);
  const isSigned = effect?.kind === 'RunInstances' && effect.armed && effect.number === world.unsigned;
  const unsigned = isSigned ? 0 : world.unsigned;
  const ledger = unspent(world, status);
  const next = { ...world, ...amend(world, { status }), highest, unsigned, ledger };
  if (!launch?.cause || launch.params === undefined) return next;
  const entry = `${launch.number}: ${CAUSES[launch.cause.kind].spends} ${launch.cause.ref}`;
  return ledger.includes(entry) ? next : { ...next, ledger: [...ledger, entry].sort() };
}

/** A launch that nothing came of goes back to where it had spent nothing. */
function unspent({ object, ledger }: World, { launch }: WorkspaceStatus): World['ledger'] {
  const was = object.status?.launch;
  const isBack = launch?.phase === 'Waiting' || (launch?.phase === 'Closed' && !launch.ended);
  if (!isBack || was?.phase !== 'Submitted' || was.number !== launch.number) return ledger;
  return ledger.filter((entry) => !entry.startsWith(`${was.number}: `));
}

/** What observe remembers of what it finds. */
function noticed(world: World): World {
  return noteAnswer(noteSilence(noteLoss(world)));
}

function noteSilence(world: World): World {
  const { process, evidence } = world;
  const { status } = seenBy(world);
  if (
    !process.silence &&
    (!status?.launch?.readyAt || world.instances.every(({ row }) => row?.fresh !== false))
  )
    return world;
  const heartbeats = {
    available: evidence.availableSince !== undefined,
    since: evidence.availableSince === undefined ? undefined : monoMs(evidence.availableSince),
    launches: rowsOf(world),
  };
  const silence = trackSilence(process.silence as SilenceFact | undefined, status, heartbeats, {
    wall: wallMs(NOW),
    mono: monoMs(NOW),
  }) as Plain<SilenceFact> | undefined;
  return silence === process.silence ? world : { ...world, ...processWith(world, { silence }) };
}

/** What is remembered of a launch that is out of doubt shows nothing more, unless its number may come back. */
function noteAnswer(world: World): World {
  const { process, budget, backup } = world;
  if ((!process.answer && !process.sends) || budget.restores > 0 || budget.wipes > 0 || backup) return world;
  const { launch } = seenBy(world).status ?? {};
  const number = process.answer?.number ?? process.sends?.number;
  if (!launch || (launch.number === number && inDoubt(launch)) || launch.number < (number ?? 0)) return world;
  return { ...world, ...processWith(world, { answer: undefined, sends: undefined }) };
}

/** What observe does with a status that looks wiped, went back, or is older than an instance of ours. */
function noteLoss(world: World): World {
  const { process } = world;
  const { finalizer, status } = seenBy(world);
  const number = status?.launch?.number;
  const outrun = process.view.some((seen) => seen.number > (number ?? 0));
  const suspect = process.rolledBack || (finalizer && (number === undefined || outrun));
  if (suspect === (process.suspectSince !== undefined)) return world;
  return { ...world, ...processWith(world, { suspectSince: suspect ? NOW : undefined }) };
}

export function settled(world: World): World {
  return noticed({ ...world, ...processWith(world, { suspectSince: undefined, rolledBack: false }) });
}
