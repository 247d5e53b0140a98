import { type Clock, sleep } from '../../controller/lib/clock.ts';
import { msBetween } from '../../controller/lib/time.ts';
import { Interrupted } from '../base/interruption.ts';
import { type Kubectl, KubectlError, WORKSPACES } from '../base/kubectl.ts';
import { type LedgerRow, ledgerOf } from '../views/ledger.ts';
import type { SeenWorkspace } from '../views/seen.ts';
import { isSettled, transitions } from '../views/transitions.ts';
import { VIEW_VERSION } from '../views/views.ts';
import { whyOf } from '../views/why.ts';
import { faultsOf, numberOf, provisionsOf } from './verdict.ts';

const LOOK_MS = 2_000;
/** Looks, or requests to delete it, that may fail in a row, as while an API server restarts. */
const MOST_FAILURES = 30;
/** The API server said no to a creation, so nothing is there; or to a deletion, so that asking again is no use. */
const REFUSED =
  /^Error from server \((Forbidden|Invalid|NotFound|BadRequest|AlreadyExists)\)|doesn't have a resource type/;
const VARIABLE = 'WORKSPACE_CANARY';

export interface CanaryOptions {
  kubectl: Kubectl;
  clock: Clock;
  name: string;
  className: string;
  /** For each of: Ready, the change carried out, gone; a deferral is not counted. */
  limitMs: number;
  /** How long after the change is carried out a second provision is watched for. */
  watchMs: number;
  signal: AbortSignal;
  /** What a command to type next ends with, such as ` --namespace=team --context=prod`. */
  flags: string;
  tell(text: string): void;
}

export interface CanaryView {
  apiVersion: typeof VIEW_VERSION;
  kind: 'CanaryView';
  name: string;
  namespace: string;
  className: string;
  /** Exactly one provision for the change, and all else as promised. */
  good: boolean;
  faults: string[];
  /** For the change. */
  provisions: number;
  /** From each request to its end; absent where it did not come. */
  seconds: { ready?: number; changed?: number; gone?: number };
  ledger: LedgerRow[];
}

/**
 * Creates a Workspace, waits until it is Ready, changes it once, watches for exactly one provision, and deletes it; however that ends,
 * it is deleted.
 * @throws Interrupted once it is asked to be deleted @throws KubectlError; where it could not be deleted, that is what the message says
 */
export async function runCanary(options: CanaryOptions): Promise<CanaryView> {
  const { kubectl, clock, name, className, watchMs, tell } = options;
  const view: CanaryView = {
    apiVersion: VIEW_VERSION,
    kind: 'CanaryView',
    name,
    namespace: '',
    className,
    good: false,
    faults: [],
    provisions: 0,
    seconds: {},
    ledger: [],
  };
  const follow = follower(options);
  tell(`creates Workspace ${name} of class ${className}`);
  const lost = await create(kubectl, manifestOf(name, className));
  try {
    if (lost) throw lost;
    const first = await follow.until('it is Ready and UpToDate', (it) => it !== undefined && isSettled(it));
    if (first.fault !== undefined || !first.workspace) view.faults.push(first.fault ?? 'it is gone');
    else {
      view.namespace = first.workspace.metadata.namespace ?? '';
      view.seconds.ready = first.seconds;
      const before = first.workspace;
      tell(`changes spec.env once: launch ${numberOf(before)}, ${provisionsOf(before)} provisions until now`);
      await kubectl.read([
        'patch',
        WORKSPACES,
        name,
        '--type=merge',
        `--patch=${JSON.stringify({ spec: { env: [{ name: VARIABLE, value: '2' }] } })}`,
      ]);
      const carriedOut = (it: SeenWorkspace | undefined) =>
        it === undefined || isTwice(before, it) || (numberOf(it) > numberOf(before) && isSettled(it));
      const changed = await follow.until('the change is carried out', carriedOut);
      if (changed.fault === undefined) {
        view.seconds.changed = changed.seconds;
        tell(
          `carried out after ${changed.seconds} s; a second provision is watched for, ${watchMs / 1000} s`,
        );
        await follow.during(watchMs, (it) => it === undefined || isTwice(before, it));
      }
      const after = follow.current();
      view.provisions = after ? provisionsOf(after) - provisionsOf(before) : 0;
      view.faults.push(
        ...(changed.fault === undefined ? [] : [changed.fault]),
        ...faultsOf(before, after, ''),
      );
    }
    const last = follow.current();
    if (last) view.ledger = ledgerOf(last);
  } catch (error) {
    if (error instanceof KubectlError) tell(error.message);
    tell(`deletes ${name}; its instance ends with it`);
    await askToDelete(options);
    // A Ctrl-C ends kubectl too, which then looks as if it had failed.
    throw options.signal.aborted ? options.signal.reason : error;
  }
  tell(`deletes ${name}`);
  await askToDelete(options);
  const gone = await follow.until('it is gone, and its instance ended', (it) => it === undefined);
  if (gone.fault === undefined) view.seconds.gone = gone.seconds;
  else view.faults.push(gone.fault);
  view.good = view.faults.length === 0;
  return view;

  function isTwice(before: SeenWorkspace, it: SeenWorkspace): boolean {
    return provisionsOf(it) > provisionsOf(before) + 1;
  }

  function follower({ limitMs, signal }: CanaryOptions) {
    let [current, failures]: [SeenWorkspace | undefined, number] = [undefined, 0];
    const look = async (): Promise<void> => {
      try {
        const text = await kubectl.read(['get', WORKSPACES, name, '--ignore-not-found', '--output=json']);
        const next = text.trim() === '' ? undefined : (JSON.parse(text) as SeenWorkspace);
        for (const { text: line } of transitions(current, next)) tell(line);
        [current, failures] = [next, 0];
      } catch (error) {
        failures += 1;
        if (!(error instanceof KubectlError) || (failures >= MOST_FAILURES && !signal.aborted)) throw error;
      }
      if (signal.aborted)
        throw signal.reason instanceof Interrupted ? signal.reason : new Interrupted('asked to');
    };
    return {
      current: () => current,
      async until(what: string, fits: (it: SeenWorkspace | undefined) => boolean) {
        const began = clock.monotonic();
        for (let waited = 0; ; ) {
          await look();
          const seconds = Math.round(msBetween(began, clock.monotonic()) / 1000);
          if (fits(current)) return { seconds, workspace: current };
          // A deferral is the class’s wish, and no part of the time that the operator may take.
          if (current?.status?.deferred === undefined) waited += LOOK_MS;
          if (waited > limitMs)
            return {
              seconds,
              workspace: current,
              fault: `waited ${seconds} s in vain until ${what}: ${saidOf(current)}`,
            };
          await sleep(clock, LOOK_MS, signal);
        }
      },
      async during(ms: number, isOver: (it: SeenWorkspace | undefined) => boolean): Promise<void> {
        const began = clock.monotonic();
        for (;;) {
          await look();
          if (isOver(current) || msBetween(began, clock.monotonic()) >= ms) return;
          await sleep(clock, LOOK_MS, signal);
        }
      },
    };
  }
}

function saidOf(workspace: SeenWorkspace | undefined): string {
  if (!workspace) return 'there is no such Workspace';
  const why = whyOf(workspace);
  return why ? `${why.reason}: ${why.message} Next: ${why.next}` : 'it is Ready and UpToDate';
}

/** @returns why it is not known whether it was created @throws KubectlError where it was not */
async function create(kubectl: Kubectl, manifest: object): Promise<KubectlError | undefined> {
  try {
    await kubectl.read(['create', '--filename=-'], JSON.stringify(manifest));
    return undefined;
  } catch (error) {
    if (!(error instanceof KubectlError) || REFUSED.test(error.message)) throw error;
    return error;
  }
}

/** Asks until the API server has heard it: a Workspace that stays costs money. A Ctrl-C, which ends kubectl too, does not end it. */
async function askToDelete({ kubectl, clock, name, flags, tell }: CanaryOptions): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    try {
      await kubectl.read(['delete', WORKSPACES, name, '--ignore-not-found', '--wait=false']);
      return;
    } catch (error) {
      if (!(error instanceof KubectlError)) throw error;
      const { message } = error;
      if (failures >= MOST_FAILURES || REFUSED.test(message))
        throw new KubectlError(
          `${name} could not be deleted, so its instance goes on: ${message}; type: kubectl delete wks ${name}${flags}`,
        );
      if (failures === 1) tell(`${name} is not deleted yet, which is tried again: ${message}`);
      await sleep(clock, LOOK_MS);
    }
  }
}

function manifestOf(name: string, className: string): object {
  return {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'kubectl-workspace' } },
    spec: { className, env: [{ name: VARIABLE, value: '1' }] },
  };
}
