import type { Condition } from '../base/meta.ts';

/**
 * Whether the recorded conditions say that the present instance runs and is heard. Ready says less where the command on it
 * fails: that concerns one tenant, and holds up no other one's change. No reason is read, as another release may have
 * written it.
 */
export function servedByConditions(conditions: readonly Condition[] | undefined): boolean {
  const isTrue = (name: string) => conditions?.some(({ type, status }) => type === name && status === 'True');
  return Boolean(isTrue('Ready') || (isTrue('HeartbeatHealthy') && isTrue('InstanceReady')));
}
