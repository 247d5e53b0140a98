import { hasFailed, type Finding as Inside } from '../../doctor/finding.ts';
import { VIEW_VERSION } from '../views/views.ts';

/** `unknown`: it could not be looked at, for the reason that `says` has. It is never called well. */
export type Verdict = 'ok' | 'failed' | 'unknown';

/** What one check found. */
export interface Result {
  check: string;
  /** From where it was seen: this machine through kubectl, this machine itself, or a pod of the operator's. */
  from: 'kubectl' | 'outside' | 'controller' | 'gateway';
  object: string;
  verdict: Verdict;
  says: string;
  /** What to do next; absent where all is well. */
  next?: string;
}

export interface DoctorView {
  apiVersion: typeof VIEW_VERSION;
  kind: 'DoctorView';
  counts: Readonly<Record<Verdict, number>>;
  results: readonly Result[];
}

export type Where = Pick<Result, 'check' | 'from' | 'object'>;

export const ok = (where: Where, says: string): Result => ({ ...where, verdict: 'ok', says });

export const failed = (where: Where, says: string, next: string): Result => ({
  ...where,
  verdict: 'failed',
  says,
  next,
});

export const unknown = (where: Where, says: string, next: string): Result => ({
  ...where,
  verdict: 'unknown',
  says,
  next,
});

/** What the operator's own `check` found, or a check that both share. */
export function resultOf(finding: Inside, from: Result['from']): Result {
  const where = { check: finding.check, from, object: finding.object };
  return hasFailed(finding)
    ? failed(where, finding.cause ?? '', finding.next ?? '')
    : ok(where, finding.says ?? '');
}

export function doctorView(results: readonly Result[]): DoctorView {
  const count = (verdict: Verdict) => results.filter((it) => it.verdict === verdict).length;
  return {
    apiVersion: VIEW_VERSION,
    kind: 'DoctorView',
    counts: { ok: count('ok'), failed: count('failed'), unknown: count('unknown') },
    results,
  };
}
