import { own } from '../../api/base/own.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';

/** Names, by its namespace, the operator that writes a class's status; where it is missing, the first one does. */
export const OPERATOR_LABEL = 'compute.molecule.ai/operator';

/**
 * Whether this operator writes the class's status. Two that share a cluster count other Workspaces and see other failures, so
 * that both writing it would undo each other's counts and halts.
 * @param operator the namespace of an operator that has a list of namespaces; undefined for one that serves all
 */
export function ownsClass({ metadata, status }: WorkspaceClass, operator: string | undefined): boolean {
  if (operator === undefined) return true;
  return (own(metadata.labels ?? {}, OPERATOR_LABEL) ?? status?.operator ?? operator) === operator;
}
