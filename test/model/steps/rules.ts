import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { decide } from '../../../src/reconcilers/workspace/decide/decide.ts';
import type { Decision } from '../../../src/reconcilers/workspace/decide/facts/decision.ts';
import type { Facts, Now } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import type { ValidationFact } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import { monoMs, wallMs } from '../../support/base/moments.ts';
import { factsOf } from '../world/facts.ts';
import { idOf } from '../world/key.ts';
import { seenBy } from '../world/parts.ts';
import { NOW } from '../world/timing.ts';
import type { World } from '../world/world.ts';

export type Decide = (facts: Facts, now: Now) => Decision;

export interface Asked {
  decision: Decision;
  /** What is to be written, one object for all that are equal. */
  status: WorkspaceStatus;
}

/** The rules in force: what a pass in this world decides. */
export type Rules = (world: World) => Asked;

const MOST_REMEMBERED = 100_000;

/** The operator's own decide, or a mutant of it; asked once for each different question. */
export function rulesOf(ask: Decide = decide): Rules {
  const validations: ValidationFact[] = [];
  const answers = new Map<string, Asked>();
  return (world) => {
    const question = questionOf(world);
    const before = answers.get(question);
    if (before) return before;
    const answer = decideOn(world, ask, validations);
    if (answers.size >= MOST_REMEMBERED) answers.clear();
    answers.set(question, answer);
    return answer;
  };
}

/** A dry run always says that it would work, at once: it binds nothing and spends nothing. */
function decideOn(world: World, ask: Decide, validations: ValidationFact[]): Asked {
  for (;;) {
    const decision = ask(factsOf(world, validations), { wall: wallMs(NOW), mono: monoMs(NOW) });
    if (decision.effect?.kind !== 'DryRun') return { decision, status: essence(decision.status) };
    const { fingerprint } = decision.effect;
    validations.push({ fingerprint, verdict: { ok: true }, expiresAt: monoMs(Number.POSITIVE_INFINITY) });
  }
}

function questionOf(world: World): string {
  const { content, machine, process, evidence, queued, lacking, others, unsigned, instances, terms } = world;
  const { status, restart, stopped, deleting, finalizer, paused, type, klass } = seenBy(world);
  let rows = '';
  for (const { number, row } of instances) if (row) rows += `${number}/${row.boot}/${row.env}/${row.fresh}`;
  return [
    content,
    machine,
    evidence.availableSince,
    queued,
    lacking,
    others.inClass.join('+'),
    unsigned,
    idOf(process),
    idOf(status),
    idOf(terms),
    restart,
    stopped,
    deleting,
    finalizer,
    paused,
    type,
    klass,
    rows,
  ].join();
}

const statuses = new Map<string, WorkspaceStatus>();

/**
 * The status without what no decision depends on, so that states that differ only for people are one; equal ones are
 * one object.
 */
function essence(full: WorkspaceStatus): WorkspaceStatus {
  const { conditions: _conditions, history: _history, provisions: _provisions, turn: _turn, ...rest } = full;
  const status: WorkspaceStatus = { ...rest, provisions: 0 };
  // Read only for how long ago it was, to give a boot time; one instant for all halves the states.
  if (status.desired) status.desired = { ...status.desired, at: new Date(0).toISOString() };
  if (status.launch) status.launch = { ...status.launch, openedAt: '' };
  return canonical(status);
}

/** One object for all statuses that are equal. */
export function canonical(status: WorkspaceStatus): WorkspaceStatus {
  const written = JSON.stringify(status);
  const known = statuses.get(written);
  if (known) return known;
  // Few orders of keys occur, and to put them in order takes ten times as long.
  const text = JSON.stringify(status, inOrder);
  const made = statuses.get(text) ?? (JSON.parse(text) as WorkspaceStatus);
  statuses.set(text, made).set(written, made);
  return made;
}

function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
