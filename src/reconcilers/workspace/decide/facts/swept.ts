import type { MonoMs } from '../../../../controller/lib/time.ts';
import type { Facts } from './facts.ts';

/** Whether the process has read a whole sweep of EC2 that began at that moment or later. */
export function sweptSince({ sweptAt }: Pick<Facts, 'sweptAt'>, from: MonoMs): boolean {
  return sweptAt !== undefined && sweptAt >= from;
}

/** Whether the process has read a whole sweep of this term; what EC2 showed before it led proves nothing. */
export function sweptThisTerm(facts: Pick<Facts, 'sweptAt' | 'process'>): boolean {
  return sweptSince(facts, facts.process.termAt);
}
