import { UserDataForgotten } from '../../../agent/userData.ts';
import { own } from '../../../api/base/own.ts';
import { matchesDigest, mergeEnvironment } from '../../../api/environment/environment.ts';
import { type RequestVersion, requestVersion } from '../../../api/kinds/launchParams.ts';
import type { LaunchParams } from '../../../api/kinds/workspace.ts';
import { clientToken } from '../../../api/launch/token.ts';
import { isRefusal } from '../../../api/reasons/refusals.ts';
import { TerminalError } from '../../../controller/client/errors.ts';
import { latest, type MonoMs, plus } from '../../../controller/lib/time.ts';
import { ec2Failure, isEc2Failure } from '../../../ec2/calls/errors.ts';
import type { Ec2Failure, ErrorClass } from '../../../ec2/calls/port.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { LaunchAnswer, ValidationFact } from '../decide/facts/processFacts.ts';
import type { Effect } from '../decide/facts/view.ts';
import { ACCEPTED } from '../decide/health/power.ts';
import { paramsAuthentic } from '../observe/authenticity.ts';
import { readSecret } from '../observe/readSecret.ts';
import { readContents } from '../observe/secrets.ts';
import { createSecretValues, redactedTail } from '../redact/redact.ts';
import { dryRunPlace, sending, untilTurn } from './effectLine.ts';
import type { CloudEffect, Performance } from './performance.ts';

/** How long a verdict of "would work" holds, ms; a refusal is asked again sooner. */
const VALID_MS = 60_000;

const REFUSED: ReadonlySet<ErrorClass> = new Set<ErrorClass>(['capacity', 'quota', 'userFix']);

/**
 * Performs an effect on the cloud once it is its turn. How it went becomes a fact of the next pass; EC2's failures
 * never throw. Returns in how many ms to look again: at once, or when its turn is.
 */
export async function perform(performance: Performance, effect: CloudEffect): Promise<number> {
  const waitMs = untilTurn(performance, effect);
  if (waitMs > 0) return waitMs;
  try {
    switch (effect.kind) {
      case 'RunInstances':
        await run(performance, effect.number, effect.armed);
        break;
      case 'DryRun':
        await dryRun(performance, effect);
        break;
      case 'TerminateInstances':
        await terminate(performance, effect.ids);
        break;
      case 'StopInstances':
      case 'StartInstances':
        await power(performance, effect);
        break;
      case 'ReadConsole':
        await readConsole(performance, effect.instanceID);
    }
  } catch (error) {
    if (!isEc2Failure(error)) throw error;
    logFailure(performance, error, effect.kind);
  }
  return 0;
}

function logFailure({ context }: Performance, failure: Ec2Failure, effect: string): void {
  const { action, code, class: kind, requestID, message } = failure;
  context.logger.warn({ event: 'ec2.failed', effect, action, code, class: kind, requestID }, message);
}

async function run(performance: Performance, number: number, armed: boolean): Promise<void> {
  const { deps, mine, workspace, termAt } = performance;
  const { launch } = workspace.status ?? {};
  if (launch?.number !== number || !launch.params)
    throw new TerminalError(`launch ${number} has no parameters on record`);
  // Decided as well; but what spends money is checked again where it is sent.
  if (!paramsAuthentic(deps, workspace))
    throw new TerminalError(`the parameters of launch ${number} carry no MAC of ours; nothing was sent`);
  const { uid } = workspace.metadata;
  const before = mine.sends?.number === number ? mine.sends : undefined;
  const sentAt = deps.clock.monotonic();
  const sent = {
    sentAt,
    firstSend: armed && !before,
    quietSince: latest(termAt ?? mine.since ?? sentAt, mine.since, before?.lastAt),
  };
  const sender = sending(performance, 'RunInstances', uid, () => {
    sent.sentAt = deps.clock.monotonic();
    // An answer to the launch before does not hold for this one.
    mine.answer = undefined;
    mine.sends = { number, count: (before?.count ?? 0) + 1, lastAt: sent.sentAt };
  });
  const conclude = (result: LaunchAnswer['result']) => {
    mine.answer = { number, ...sent, result };
  };
  try {
    const request = {
      params: launch.params,
      version: versionOf(launch.params, number),
      userData: await render(deps, uid, number, launch.params),
      clientToken: clientToken(deps.clusterID, uid, number),
    };
    deps.cloud.note(await deps.calls.runInstances(request, sender.options));
    // The instance in a replay's answer may have been made long ago.
    if (sent.firstSend) deps.offerings.accepted(launch.params, sent.sentAt);
    conclude({ kind: 'accepted' });
  } catch (error) {
    if (!isEc2Failure(error)) throw error;
    if (sender.isWithheld()) return;
    logFailure(performance, error, 'RunInstances');
    mark(deps, launch.params, error, sent.sentAt);
    conclude(resultOf(error));
  }
}

/** So that others don't ask for what EC2 refuses. */
function mark(deps: WorkspaceDeps, params: LaunchParams, failure: Ec2Failure, sentAt: MonoMs): void {
  const { class: kind, code } = failure;
  if (isRefusal(kind)) deps.offerings.refused(params, { class: kind, code }, sentAt);
}

function versionOf(params: LaunchParams, number: number): RequestVersion {
  const version = requestVersion(params, number);
  if (version !== undefined) return version;
  const detail = `launch ${number} was armed with version ${params.request?.version} of the request, which this release does not have; start the release that armed it, or one after it`;
  throw ec2Failure({ class: 'notSent', code: 'RequestVersionUnknown', action: 'RunInstances', detail });
}

/** Fails as a call that was not sent, so that the cause is shown and it is tried again. */
async function render(
  deps: WorkspaceDeps,
  uid: string,
  number: number,
  { userData }: LaunchParams,
): Promise<string> {
  try {
    return await deps.renderUserData({ uid, number, userData });
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'the user data can’t be rendered';
    // Other bytes under the same token would be refused as a mismatch, and looked up: so it is without sending them.
    const forgotten = error instanceof UserDataForgotten;
    const kind = forgotten ? ({ class: 'mismatch' } as const) : ({ class: 'notSent' } as const);
    throw ec2Failure({ ...kind, code: 'UserDataUnavailable', action: 'RunInstances', detail });
  }
}

/** The result of a failed launch; only a plain refusal leaves no doubt. */
function resultOf(failure: Ec2Failure): LaunchAnswer['result'] {
  const { code, message } = failure;
  switch (failure.class) {
    case 'capacity':
    case 'quota':
    case 'userFix':
      return { kind: 'refused', class: failure.class, code, message };
    case 'throttled':
      return { kind: 'throttled' };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'notSent':
      return { kind: 'notSent', message };
    case 'gone':
    case 'dryRunOK':
    case 'ambiguous':
      return { kind: 'ambiguous', code };
  }
}

async function dryRun(performance: Performance, effect: Extract<Effect, { kind: 'DryRun' }>): Promise<void> {
  const { deps, memory, workspace } = performance;
  const { repairBackoffMinMs, replayBackoffMinMs } = deps.timing;
  const { uid } = workspace.metadata;
  const number = (workspace.status?.launch?.number ?? 0) + 1;
  const sender = sending(performance, 'RunInstances', dryRunPlace(effect.fingerprint));
  const conclude = (verdict: ValidationFact['verdict'], ms: number) =>
    memory.validate({
      fingerprint: effect.fingerprint,
      verdict,
      expiresAt: plus(deps.clock.monotonic(), ms),
    });
  try {
    // A token of its own: AWS does not document whether a dry run binds one, and the launch's must stay free for the launch.
    const token = clientToken(deps.clusterID, `${uid}/${effect.fingerprint}`, number);
    const userData = await render(deps, uid, number, effect.params);
    const version = versionOf(effect.params, number);
    const request = { params: effect.params, version, userData, clientToken: token, dryRun: true };
    await deps.calls.runInstances(request, sender.options);
    // An endpoint that does so may launch at each call.
    throw new TerminalError('a dry run was answered as if it were real; see what aws.ec2Endpoint leads to');
  } catch (error) {
    if (!isEc2Failure(error)) throw error;
    if (error.class === 'dryRunOK') return conclude({ ok: true }, VALID_MS);
    if (sender.isWithheld()) return;
    logFailure(performance, error, 'DryRun');
    const { code, message } = error;
    // AWS's dry run checks no quota: an answer about one from another endpoint concerns this request alone.
    if (error.class === 'capacity') mark(deps, effect.params, error, deps.clock.monotonic());
    const lasting = error.class === 'quota' || error.class === 'userFix' ? error.class : undefined;
    conclude(
      { ok: false, class: lasting ?? 'retry', code, message },
      lasting ? repairBackoffMinMs : replayBackoffMinMs,
    );
  }
}

async function terminate(performance: Performance, ids: readonly string[]): Promise<void> {
  const { deps, mine, context } = performance;
  const sender = sending(performance, 'TerminateInstances', mine.uid);
  const before = { ...mine.terminateSentAt };
  const at = deps.clock.monotonic();
  for (const id of ids) mine.terminateSentAt[id] = at;
  context.logger.info({ event: 'ec2.terminate', ids }, 'terminating superseded instances');
  try {
    await deps.calls.terminateInstances(ids, sender.options);
    for (const id of ids) Reflect.deleteProperty(mine.terminateRefusals, id);
  } catch (error) {
    const isRefused = isEc2Failure(error) && error.class === 'userFix';
    const [id = '', ...others] = ids;
    if (sender.isWithheld()) mine.terminateSentAt = before;
    // The code alone: AWS's words differ from one refusal to the next, and the status must not.
    else if (isRefused && others.length === 0) mine.terminateRefusals[id] = error.code;
    else if (isRefused) {
      // EC2 may refuse all of them for one that is protected: each is asked for alone, at once.
      for (const one of ids) mine.terminateRefusals[one] ??= '';
      mine.terminateSentAt = before;
    }
    throw error;
  }
}

async function power(
  performance: Performance,
  { kind, ids }: Extract<Effect, { kind: 'StopInstances' | 'StartInstances' }>,
): Promise<void> {
  const { deps, mine, context } = performance;
  const sender = sending(performance, kind, mine.uid);
  const before = { ...mine.powerSentAt };
  const at = deps.clock.monotonic();
  for (const id of ids) mine.powerSentAt[`${kind} ${id}`] = at;
  context.logger.info({ event: kind === 'StopInstances' ? 'ec2.stop' : 'ec2.start', ids }, kind);
  const call = kind === 'StopInstances' ? deps.calls.stopInstances : deps.calls.startInstances;
  try {
    await call(ids, sender.options);
    for (const id of ids) mine.powerAnswers[`${kind} ${id}`] = ACCEPTED;
  } catch (error) {
    if (sender.isWithheld()) mine.powerSentAt = before;
    else for (const id of ids) notePower(mine, `${kind} ${id}`, error);
    throw error;
  }
}

/** Remembers a refusal by its code until another answer; a call with an unknown outcome is sent again. */
function notePower(mine: Performance['mine'], call: string, error: unknown): void {
  const isRefused = isEc2Failure(error) && REFUSED.has(error.class);
  if (isRefused) mine.powerAnswers[call] = error.code;
  else if (own(mine.powerAnswers, call) === ACCEPTED) Reflect.deleteProperty(mine.powerAnswers, call);
}

/**
 * The tail is for people, so every value of its Secrets is taken out of it first, even those that the instance was never
 * given. An instance with another environment than the present one may print values that this process can't know any more, so its
 * console is not shown.
 */
async function readConsole({ deps, mine, workspace }: Performance, id: string): Promise<void> {
  mine.console[id] = '';
  const aside = createSecretValues();
  const { namespace } = workspace.metadata;
  // As they are now: what was read a moment ago may lack a value that was printed since.
  const readOne = (name: string) => readSecret(deps.kube, namespace, name);
  const contents = await readContents(deps, workspace, readOne, aside.add);
  if ('kind' in contents) return;
  const { variables } = mergeEnvironment(workspace.spec, contents);
  const held = workspace.status?.instance?.env;
  if (held !== undefined && !matchesDigest((key) => deps.keys.get('digest', key), held, variables)) return;
  const served = [variables, ...contents.values()].flatMap((content) => [...content.values()]);
  const values = [...served, ...aside.values];
  mine.console[id] = await redactedTail(await deps.calls.getConsoleOutput(id), values, deps.clock);
}
