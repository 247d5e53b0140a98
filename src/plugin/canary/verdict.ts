import { conditionOf, type ToldWorkspace } from '../views/transitions.ts';

/**
 * What is not as promised of one change: exactly one provision, and Ready and UpToDate again.
 * @param hint what to do about a condition that is not there yet
 */
export function faultsOf(before: ToldWorkspace, after: ToldWorkspace | undefined, hint: string): string[] {
  if (!after) return ['the Workspace was deleted meanwhile'];
  const faults: string[] = [];
  const provisions = provisionsOf(after) - provisionsOf(before);
  if (provisions !== 1) faults.push(`${provisions} provisions for one change`);
  for (const type of ['Ready', 'UpToDate']) {
    const condition = conditionOf(after, type);
    if (condition?.status === 'True') continue;
    faults.push(`${type}=${condition?.status} (${condition?.reason}) ${condition?.message} ${hint}`);
  }
  return faults;
}

export function verdictOf(faults: readonly string[]): string {
  return faults.length === 0
    ? 'Verdict: one change, exactly one provision.'
    : `Verdict: not as promised: ${faults.join('; ')}`;
}

export function numberOf({ status }: ToldWorkspace): number {
  return status?.launch?.number ?? 0;
}

export function provisionsOf({ status }: ToldWorkspace): number {
  return status?.provisions ?? 0;
}
