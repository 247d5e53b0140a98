import type { Verdict } from '../../../../api/base/meta.ts';
import type { AspectReason } from '../../../../api/reasons/conditionReasons.ts';
import { conditionOf } from '../facts/verdict.ts';
import type { View } from '../facts/view.ts';
import { findInstance } from '../record/ending.ts';

/**
 * Whether an instance that serves has lost tags of ours. It is known by its id and goes on, but a process that knows nothing
 * finds instances by their tags, and IAM policies go by them. Undefined while none ever lacked: most never do.
 */
export function judgeTags(view: View): Verdict<AspectReason<'TagsMissing'>> | undefined {
  const { launch } = view.status;
  const instance = launch?.instanceID === undefined ? undefined : findInstance(view, launch.instanceID);
  const missing = (launch?.readyAt !== undefined && !launch.ended && instance?.missingTags) || [];
  if (instance && missing.length > 0) {
    const message = `${instance.id} lacks tags of the operator, or they say something else: ${missing.join(', ')}. Put them back as they are in status.launch.params.tags: who knows no id finds it by them.`;
    return { status: 'True', reason: 'Missing', message };
  }
  return conditionOf(view, 'TagsMissing') && { status: 'False', reason: 'None', message: '' };
}
