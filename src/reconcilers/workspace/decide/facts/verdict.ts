import { conditionIn } from '../../../../api/base/conditions.ts';
import type { Condition } from '../../../../api/base/meta.ts';
import type { ConditionType } from '../../../../api/reasons/conditionReasons.ts';
import type { View } from './view.ts';

/** A condition as it is on record, before this decision. */
export function conditionOf({ status }: View, type: ConditionType): Condition | undefined {
  return conditionIn(status, type);
}
