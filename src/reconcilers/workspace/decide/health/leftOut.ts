import type { LeftOut, LeftOutReason } from '../../../../api/environment/environment.ts';

const WHY: Readonly<Record<LeftOutReason, string>> = {
  NotAName: 'these keys are not variable names',
  ShellName: 'shells keep these names to themselves',
  AgentName: 'these names are settings of the agent, which only the class gives',
  HoldsNul: 'these values hold a NUL byte, which no environment can',
  TooLong: 'these values are longer than Linux takes (128 KiB with the name); use a file instead',
};
const REASONS = Object.keys(WHY) as LeftOutReason[];
const MOST_NAMES = 8;

/** A note for people about the variables that the instance does not get; empty when it gets them all. */
export function leftOutNote(leftOut: readonly LeftOut[]): string {
  return REASONS.map((why) => {
    const sources = leftOut.flatMap((it) => (it.why === why ? [it.source] : []));
    if (sources.length === 0) return '';
    const more = sources.length > MOST_NAMES ? ` and ${sources.length - MOST_NAMES} more` : '';
    return ` Left out, because ${WHY[why]}: ${sources.slice(0, MOST_NAMES).join(', ')}${more}.`;
  }).join('');
}
