import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { plus } from '../../../src/controller/lib/time.ts';
import { decide } from '../../../src/reconcilers/workspace/decide/decide.ts';
import type { Decision } from '../../../src/reconcilers/workspace/decide/facts/decision.ts';
import type { Facts, Now } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import type { ValidationFact } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import { type LedgerEntry, ledgerBetween } from '../../../src/reconcilers/workspace/decide/report/ledger.ts';
import type { Loose } from '../base/moments.ts';
import { MINUTE, NOW } from './facts.ts';

/** A decision, and the lines of the ledger once its status is on record. */
export type DecisionWithLedger = Decision & { ledger: readonly LedgerEntry[] };

/** The decision `ms` after NOW. */
export function decideAt(facts: Loose<Facts>, ms = 0): DecisionWithLedger {
  const decision = decide(facts as Facts, later(ms));
  return { ...decision, ledger: ledgerBetween((facts as Facts).workspace.status, decision.status) };
}

export function later(ms: number): Now {
  return { wall: plus(NOW.wall, ms), mono: plus(NOW.mono, ms) };
}

/** The facts as they are once this status was accepted. */
export function withStatus(facts: Loose<Facts>, status: WorkspaceStatus): Facts {
  const given = facts as Facts;
  const { metadata } = given.workspace;
  const resourceVersion = String(Number(metadata.resourceVersion) + 1);
  const workspace = { ...given.workspace, metadata: { ...metadata, resourceVersion }, status };
  return { ...given, workspace };
}

/** Decides and writes, performing nothing, until there is nothing more to write. Throws when that takes too long. */
export function written(
  facts: Loose<Facts>,
  ms = 0,
): { status: WorkspaceStatus; decision: DecisionWithLedger; facts: Facts } {
  let present = facts as Facts;
  for (let pass = 0; pass < 6; pass += 1) {
    const decision = decideAt(present, ms);
    const next = withStatus(present, JSON.parse(JSON.stringify(decision.status)) as WorkspaceStatus);
    if (JSON.stringify(next.workspace.status) === JSON.stringify(present.workspace.status)) {
      return { status: decision.status, decision, facts: present };
    }
    present = next;
  }
  throw new Error('the status never came to rest');
}

export function conditionOf(decision: Decision, type: string) {
  const condition = decision.status.conditions?.find((candidate) => candidate.type === type);
  if (!condition) throw new Error(`there is no condition ${type}`);
  return condition;
}

/** A passed dry run for the launch that the decision would make, as a process of this term remembers it. */
function validatedBy(decision: Decision): ValidationFact {
  if (decision.effect?.kind !== 'DryRun') throw new Error('the decision asks for no dry run');
  return {
    fingerprint: decision.effect.fingerprint,
    verdict: { ok: true },
    expiresAt: plus(NOW.mono, MINUTE),
  };
}

/** The same for what is decided over these facts. */
export function verdictOn(facts: Facts): ValidationFact {
  return validatedBy(decideAt(facts));
}

/** Decides with the dry run that it asked for passed. */
export function decideValidated(facts: Loose<Facts>, ms = 0): DecisionWithLedger {
  const asked = decideAt(facts, ms);
  if (asked.effect?.kind !== 'DryRun') return asked;
  const validations = [{ ...validatedBy(asked), expiresAt: plus(NOW.mono, ms + MINUTE) }];
  return decideAt({ ...facts, process: { ...facts.process, validations } }, ms);
}
