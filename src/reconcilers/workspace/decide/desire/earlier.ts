import type { Verdict } from '../../../../api/base/meta.ts';
import type { AspectReason } from '../../../../api/reasons/conditionReasons.ts';
import type { View } from '../facts/view.ts';

const MOST_NAMED = 4;

/**
 * Whether an instance of an earlier Workspace of this name lives: the object was moved, or restored, and has
 * another uid now. This Workspace neither ends that instance nor waits for it. Undefined before the first look.
 */
export function judgeEarlier({ facts }: View): Verdict<AspectReason<'EarlierInstance'>> | undefined {
  if (!facts.earlier) return undefined;
  if (facts.earlier.length === 0) return { status: 'False', reason: 'None', message: '' };
  const named = facts.earlier.slice(0, MOST_NAMED).map(({ id, uid, heartbeats }) => {
    return `${id} of uid ${uid}, ${heartbeats ? 'which still heartbeats' : 'which does not heartbeat'}`;
  });
  const more = facts.earlier.length - named.length;
  const message =
    `An earlier Workspace of this name left ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}. ` +
    'This one has an instance of its own. The operator reports the other as an orphan and does not end it while it heartbeats; end it yourself if it is not needed.';
  return { status: 'True', reason: 'Lives', message };
}
