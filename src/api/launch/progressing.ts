import type { Launch } from '../kinds/workspace.ts';

type Stage = Readonly<Pick<Launch, 'phase' | 'readyAt' | 'ended'>>;

/**
 * **Pending is progressing**: the rule that this operator exists for. From the moment its request was armed, a launch is
 * coming up until its agent is heard for the first time or EC2 shows that it ended, in any state of its instance meanwhile.
 * A reading of "not running" is then no reason to act:
 *
 * - a change waits for the launch's deadline (`progresses`, in the reconciler's record/deadline.ts);
 * - its repair waits for the deadline too, and until then it has not failed (`afterTimeout`, `failureOf` in replace/repair.ts);
 * - this launch answers a person's restart that comes meanwhile (desire/restart.ts);
 * - silence is judged only of a launch that was heard before (health/silence.ts);
 * - the gateway drops reports that it looks dead (gateway/handlers/report.ts).
 */
export function isComingUp({ phase, readyAt, ended }: Stage): boolean {
  return phase === 'Submitted' && readyAt === undefined && ended === undefined;
}
