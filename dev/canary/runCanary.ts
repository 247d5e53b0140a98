import type { Workspace } from '../../src/api/kinds/workspace.ts';
import { type Clock, sleep } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { faultsOf, numberOf, provisionsOf, verdictOf } from '../../src/plugin/canary/verdict.ts';
import { conditionOf, isSettled, transitions } from '../../src/plugin/views/transitions.ts';
import type { Narrator } from '../terminal/narrator.ts';
import type { ClusterAccess } from '../watch/cluster.ts';
import { type FollowedWorkspace, followWorkspace, WaitedInVain } from '../watch/followWorkspace.ts';
import { CANARY_KEY, type CanaryTarget, changeKey, chooseSecret, readTarget } from './target.ts';

export interface CanaryOptions extends CanaryTarget {
  cluster: ClusterAccess;
  clock: Clock;
  random: Random;
  narrator: Narrator;
  /** The Secret to change; without it the last one of spec.envFrom. */
  secret?: string | undefined;
  /** How long it is watched from the start of the launch on; and how long that start may take, s. */
  seconds: number;
  signal: AbortSignal;
}

const KUBE_LIMIT_MS = 15_000;
const VALUE_BYTES = 12;

/**
 * Changes one key of a Secret that the Workspace refers to, and watches. True when status.provisions rose by exactly one
 * and the Workspace is Ready and UpToDate again.
 * @throws CannotBegin when nothing was changed
 */
export async function runCanary(options: CanaryOptions): Promise<boolean> {
  const { cluster, random, narrator, namespace, name, seconds } = options;
  const workspace = await readTarget(cluster.kube, options);
  const secret = await chooseSecret(cluster.kube, workspace, options.secret);
  const followed = followWorkspace({ ...options, transport: cluster.transport });
  try {
    await followed.until('the Workspace is watched', (it) => it !== undefined, KUBE_LIMIT_MS);
    const before = followed.current() ?? workspace;
    followed.onChange((after, earlier) => {
      for (const { text, look } of transitions(earlier, after)) narrator.print(text, look);
    });
    narrator.step(`${namespace}/${name}: ${CANARY_KEY} in Secret ${secret} gets a new value`);
    narrator.print(`until now: launch ${numberOf(before)}, ${provisionsOf(before)} provisions`);
    await changeKey(cluster.kube, { namespace, name: secret }, random.bytes(VALUE_BYTES).toString('hex'));
    await untilLaunched(options, followed, before);
    narrator.print(`launched; what follows is watched for ${seconds} s`);
    await watchWindow(options, followed, before);
    return judge(narrator, before, followed.current());
  } catch (error) {
    if (!(error instanceof WaitedInVain)) throw error;
    narrator.plain(
      `Verdict: ${error.message} See that an operator runs (kubectl get lease -A), and what it logs.`,
      'bad',
    );
    return false;
  } finally {
    await followed.stop();
  }
}

/** Until the change's launch is on record. A deferral is not part of the time that it may take. */
async function untilLaunched(
  { clock, narrator, seconds }: CanaryOptions,
  followed: FollowedWorkspace,
  before: Workspace,
): Promise<void> {
  const isLaunched = (it: Workspace | undefined) => it === undefined || numberOf(it) > numberOf(before);
  for (let printed: number | undefined; ; ) {
    const until = deferredUntil(followed.current());
    if (until !== undefined && printed === undefined) {
      narrator.print(
        `it is deferred, not dropped: the class's rollout.minIntervalSeconds keeps launches apart; the ${seconds} s begin with the launch`,
      );
    }
    printed = until;
    const limitMs = seconds * 1000 + Math.max(0, (until ?? 0) - clock.now());
    const work = followed.until(
      'the change is launched',
      (it) => isLaunched(it) || deferredUntil(it) !== printed,
      limitMs,
    );
    await narrator.waiting(() => waitingFor(clock, printed), work);
    if (isLaunched(followed.current())) return;
  }
}

function waitingFor(clock: Clock, deferred: number | undefined): string {
  if (deferred === undefined) return 'the operator is to notice the change';
  return `deferred for ${Math.max(0, Math.ceil((deferred - clock.now()) / 1000))} s more at the most`;
}

/** When a deferred change will be carried out, wall ms; 0 when an earlier release does not say; undefined when none is. */
function deferredUntil(workspace: Workspace | undefined): number | undefined {
  if (conditionOf(workspace, 'UpToDate')?.reason !== 'Deferred') return undefined;
  return Date.parse(workspace?.status?.deferred?.until ?? '') || 0;
}

/** The whole window, as a second provision may come late; a second one, or an end of the Workspace, ends it at once. */
async function watchWindow(
  { clock, narrator, seconds, signal }: CanaryOptions,
  followed: FollowedWorkspace,
  before: Workspace,
): Promise<void> {
  const over = new AbortController();
  const look = (it: Workspace | undefined) => {
    if (it === undefined || provisionsOf(it) > provisionsOf(before) + 1) over.abort();
  };
  const unsubscribe = followed.onChange(look);
  look(followed.current());
  const endsAt = clock.monotonic() + seconds * 1000;
  const left = () => Math.max(0, Math.ceil((endsAt - clock.monotonic()) / 1000));
  const watching = () => {
    const state = isSettled(followed.current()) ? 'Ready and UpToDate' : 'not Ready yet';
    return `${state}; watching for another ${left()} s`;
  };
  await narrator.waiting(watching, sleep(clock, seconds * 1000, AbortSignal.any([signal, over.signal])));
  unsubscribe();
  signal.throwIfAborted();
}

function judge(narrator: Narrator, before: Workspace, after: Workspace | undefined): boolean {
  const faults = faultsOf(before, after, '--seconds gives it longer');
  narrator.plain();
  narrator.plain(verdictOf(faults), faults.length === 0 ? 'good' : 'bad');
  return faults.length === 0;
}
