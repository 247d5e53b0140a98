import { conditionIn } from '../../api/base/conditions.ts';
import type { CauseKind } from '../../api/reasons/causes.ts';

interface Told {
  type: string;
  status: string;
  reason: string;
  message: string;
}

type Maybe<T> = T | undefined;

/** The fields that transitions are made from: as the plugin sees them, and as the operator decodes them. */
export interface ToldStatus {
  conditions?: Maybe<Told[]>;
  desired?: Maybe<{ generation: number; cause: string; changed?: Maybe<string[]> }>;
  launch?: Maybe<{
    number: number;
    generation?: Maybe<number>;
    cause?: Maybe<{ kind: CauseKind }>;
    instanceID?: Maybe<string>;
    ended?: Maybe<{ outcome: string; message?: Maybe<string> }>;
  }>;
  terminating?: Maybe<{ number: number; instanceID: string }[]>;
  instance?: Maybe<{ id: string; state: string; env?: Maybe<string> }>;
  provisions?: Maybe<number>;
}

export interface ToldWorkspace {
  status?: Maybe<ToldStatus>;
}

export interface Transition {
  text: string;
  look?: 'good' | 'bad';
}

export function conditionOf(workspace: ToldWorkspace | undefined, type: string): Told | undefined {
  return conditionIn(workspace?.status, type);
}

export function isSettled(workspace: ToldWorkspace | undefined): boolean {
  return ['Ready', 'UpToDate'].every((type) => conditionOf(workspace, type)?.status === 'True');
}

/** What happened to a Workspace between two versions of it, in a person's words, in the order in which it follows. */
export function transitions(
  before: ToldWorkspace | undefined,
  after: ToldWorkspace | undefined,
): Transition[] {
  if (!after) return before ? [{ text: 'the Workspace is gone' }] : [];
  const was = before?.status;
  const is = after.status;
  if (!is) return [];
  return [
    ...desiredChanged(was, is),
    ...launchMoved(was, is),
    // A predecessor's last state comes before the proof that it is gone, and that before its successor's first.
    ...(was?.instance?.id === is.instance?.id
      ? [...instanceMoved(was, is), ...endings(was, is)]
      : [...endings(was, is), ...instanceMoved(was, is)]),
    ...deferral(before, after),
    ...readiness(before, after),
  ];
}

function desiredChanged(was: ToldStatus | undefined, is: ToldStatus): Transition[] {
  if (!was?.desired || !is.desired || was.desired.generation === is.desired.generation) return [];
  const { generation, cause, changed = [] } = is.desired;
  const names = changed.length > 0 ? `: ${changed.join(', ')}` : '';
  return [{ text: `a change that counts: generation ${generation}, ${cause}${names}` }];
}

function launchMoved(was: ToldStatus | undefined, is: ToldStatus): Transition[] {
  const { launch } = is;
  if (!launch || launch.number === 0) return [];
  const found: Transition[] = [];
  const isNew = launch.number !== was?.launch?.number;
  const because = `${launch.cause?.kind ?? 'Created'}, generation ${launch.generation}`;
  if (isNew) found.push({ text: `launch ${launch.number} is on record (${because})` });
  if (launch.instanceID !== undefined && (isNew || was?.launch?.instanceID === undefined))
    found.push({ text: `launch ${launch.number} is ${launch.instanceID}: provision ${is.provisions}` });
  if (launch.ended && (isNew || !was?.launch?.ended)) {
    const { outcome, message } = launch.ended;
    found.push({ text: `launch ${launch.number} ended: ${message ?? outcome}`, look: 'bad' });
  }
  return found;
}

function endings(was: ToldStatus | undefined, is: ToldStatus): Transition[] {
  const before = was?.terminating ?? [];
  const after = is.terminating ?? [];
  const lacks = (list: typeof before, id: string) => list.every((entry) => entry.instanceID !== id);
  const begun = after.filter(({ instanceID }) => lacks(before, instanceID));
  const over = before.filter(({ instanceID }) => lacks(after, instanceID));
  return [
    ...begun.map(({ number, instanceID }) => ({ text: `${instanceID} (launch ${number}) is to end` })),
    ...over.map(({ number, instanceID }) => ({ text: `${instanceID} (launch ${number}) is proven gone` })),
  ];
}

function instanceMoved(was: ToldStatus | undefined, is: ToldStatus): Transition[] {
  const { instance } = is;
  if (!instance) return [];
  const found: Transition[] = [];
  const same = was?.instance?.id === instance.id;
  if (!same || was?.instance?.state !== instance.state) {
    const unseen = instance.state === 'Unknown' ? ': EC2 does not show it at the moment' : '';
    found.push({ text: `${instance.id} is ${instance.state}${unseen}` });
  }
  if (instance.env !== undefined && (!same || was?.instance?.env !== instance.env))
    found.push({ text: `${instance.id} fetched its environment (digest ${instance.env.slice(0, 14)}…)` });
  return found;
}

function deferral(before: ToldWorkspace | undefined, after: ToldWorkspace): Transition[] {
  const is = conditionOf(after, 'UpToDate');
  if (is?.reason !== 'Deferred' || conditionOf(before, 'UpToDate')?.reason === 'Deferred') return [];
  return [{ text: `deferred: ${is.message}` }];
}

function readiness(before: ToldWorkspace | undefined, after: ToldWorkspace): Transition[] {
  const was = conditionOf(before, 'Ready');
  const is = conditionOf(after, 'Ready');
  if (!is || (was?.status === is.status && was.reason === is.reason)) return [];
  const text = `Ready=${is.status} ${is.reason === 'Ready' ? '' : `${is.reason}: `}${is.message}`;
  return [is.status === 'True' ? { text, look: 'good' } : { text }];
}
