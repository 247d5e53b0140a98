import type { ReasonTraits } from './reasonTraits.ts';

/** Waits for the class's roll-out, while the present instance serves. */
export const ROLL_OUT = {
  RolloutQueued: {
    standing: 'inLine',
    means:
      'As many of the class’s Workspaces are down as may be (`rollout.maxUnavailable`), or EC2 refuses to launch one that was given up for a change. The message and `status.turn` have the place in line and, once one was replaced, the time of its turn, as they were when it joined.',
    todo: 'Wait, or raise `rollout.maxUnavailable`.',
  },
  RolloutVerifying: {
    standing: 'inLine',
    means:
      'One Workspace is replaced for this change first; the others follow once it is Ready. The message names it.',
    todo: 'Wait.',
  },
  RolloutHalted: {
    standing: 'needsPerson',
    means:
      'Replacements for this change failed again and again, or one that the operator gave up in this namespace or class does not come back. No more are made; the message names one.',
    todo: 'See "A roll-out is halted" below.',
  },
} as const satisfies Record<string, ReasonTraits>;
