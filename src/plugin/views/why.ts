import { own } from '../../api/base/own.ts';
import {
  READY_REASONS,
  type ReadyReason,
  type Reason,
  UP_TO_DATE_REASONS,
} from '../../api/reasons/reasons.ts';
import { conditionOf, type SeenCondition, type SeenWorkspace } from './seen.ts';

/** Why a Workspace is not as it should be: what its conditions say, word for word. */
export interface Why {
  condition: 'Ready' | 'UpToDate';
  reason: string;
  message: string;
  since?: string;
  /** What a person does about it, in words; undefined for a reason that only a later release knows. */
  todo?: string;
  /** Present where the object was edited since: what the conditions say is of before. */
  outdated?: string;
  /** The command to type next, in the cluster that was asked. */
  next: string;
}

/** Undefined where all is as it should be. @param flags what the command to type next ends with */
export function whyOf(workspace: SeenWorkspace, flags = ''): Why | undefined {
  const why = blockerOf(workspace);
  return why && { ...why, next: `${why.next}${flags}` };
}

function blockerOf(workspace: SeenWorkspace): Why | undefined {
  const blocker = [conditionOf(workspace, 'Ready'), conditionOf(workspace, 'UpToDate')].find(
    (condition) => condition && condition.status !== 'True',
  );
  const outdated = outdatedOf(workspace);
  if (blocker) return { ...explained(workspace, blocker), ...(outdated !== undefined && { outdated }) };
  if (!workspace.status?.conditions?.length)
    return notSeen(
      'Ready',
      `No operator has looked at ${workspace.metadata.name} yet: it has no conditions.`,
    );
  return outdated === undefined ? undefined : notSeen('UpToDate', outdated);
}

/** Conditions stand still while no operator runs. They would call an edit carried out that the operator has yet to read. */
function outdatedOf({ metadata, status }: SeenWorkspace): string | undefined {
  const { name, generation = 0, deletionTimestamp } = metadata;
  const observed = status?.observedGeneration;
  if (observed === undefined || observed >= generation) return undefined;
  const what = deletionTimestamp === undefined ? 'edited' : 'deleted or edited';
  return `${name} was ${what} (generation ${generation}), and the operator has not decided yet what follows: its conditions are of generation ${observed}.`;
}

/** What a Workspace says that no operator has looked at. */
function notSeen(condition: Why['condition'], message: string): Why {
  return {
    condition,
    reason: 'NotSeen',
    message,
    todo: 'Wait some seconds. If that stays, see whether the operator runs, and whether it serves the namespace.',
    next: 'kubectl get pods --all-namespaces --selector=app.kubernetes.io/name=workspace-operator',
  };
}

function explained(
  workspace: SeenWorkspace,
  { type, reason, message, lastTransitionTime }: SeenCondition,
): Why {
  const { name, namespace = 'default' } = workspace.metadata;
  const traits = own(READY_REASONS, reason) ?? own(UP_TO_DATE_REASONS, reason);
  const next = own(NEXT, reason) ?? EVENTS;
  return {
    condition: type === 'UpToDate' ? type : 'Ready',
    reason,
    message,
    ...(lastTransitionTime !== undefined && { since: lastTransitionTime }),
    ...(traits && { todo: traits.todo }),
    next: next
      .replaceAll('NAMESPACE', () => quoted(namespace))
      .replaceAll('NAME', () => quoted(name))
      .replaceAll('CLASS', () => quoted(workspace.spec.className ?? '')),
  };
}

/** One word to a shell, with nothing in it that the shell acts on: people paste it. */
export function quoted(word: string): string {
  return /^[\w.:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

const EVENTS = 'kubectl events --for wks/NAME --namespace NAMESPACE';
const EDIT = 'kubectl edit wks NAME --namespace NAMESPACE';
const CLASS = 'kubectl describe wksc CLASS';
const EDIT_CLASS = 'kubectl edit wksc CLASS';
const LOGS = 'kubectl workspace logs NAME --namespace NAMESPACE';
const ROLLOUT = 'kubectl workspace rollout CLASS';
const OPERATOR =
  'kubectl logs --all-namespaces --selector=app.kubernetes.io/name=workspace-operator --tail=50';
const SECRETS = 'kubectl get secrets --namespace NAMESPACE';

type Known = ReadyReason | Exclude<Reason, ReadyReason>;

/** By reason, what to type next; each reason has a row. */
const NEXT: Readonly<Record<Known, string>> = {
  Ready: EVENTS,
  UpToDate: EVENTS,
  GatewayDistrusted: LOGS,
  CommandFailing: LOGS,
  HeartbeatLost: LOGS,
  Launching: EVENTS,
  LaunchQueued: EVENTS,
  Booting: LOGS,
  Restarting: EVENTS,
  QuotaExceeded: CLASS,
  CapacityUnavailable: EDIT_CLASS,
  ClassLimitReached: EDIT_CLASS,
  ClassNotFound: 'kubectl get wksc',
  ClassNotAllowed: EDIT_CLASS,
  SecretMissing: SECRETS,
  SecretRefused: EDIT,
  EnvironmentTooLarge: EDIT,
  SecretsUnread: OPERATOR,
  SecretsUnstable: 'kubectl get secrets --namespace NAMESPACE --output=yaml --show-managed-fields',
  InvalidConfiguration: CLASS,
  StartupTimeout: LOGS,
  StatusLost: EVENTS,
  CloudUnavailable: OPERATOR,
  EvidenceUnavailable: CLASS,
  StartBlocked: 'kubectl workspace restart NAME --namespace NAMESPACE',
  StopBlocked: EVENTS,
  Stopped: 'kubectl workspace start NAME --namespace NAMESPACE',
  Paused: 'kubectl workspace resume NAME --namespace NAMESPACE',
  FinalizerBlocked: OPERATOR,
  Terminating: EVENTS,
  TerminationBlocked: EVENTS,
  Deferred: EVENTS,
  RolloutQueued: ROLLOUT,
  RolloutVerifying: ROLLOUT,
  RolloutHalted: ROLLOUT,
  RestartBackOff: EVENTS,
  Updating: EVENTS,
};
