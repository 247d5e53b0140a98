import type { Term } from './leaderElection.ts';

/** The right to act: every effect is guarded by it. */
export interface Leadership {
  /** False once another process may hold the lease. */
  held(): boolean;
  term(): Term | undefined;
}

/** The term in which something was decided is over. It is no fault: the next leader decides again. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Throws a LeaseLostError unless the term in which something was decided is still held. Call it immediately before the effect. */
export function requireTerm(lease: Leadership, { id }: Pick<Term, 'id'>): void {
  if (!lease.held() || lease.term()?.id !== id) {
    throw new LeaseLostError('the lease may be held by another; nothing was sent');
  }
}
