import { own } from '../../../api/base/own.ts';
import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import type { KubeObject } from '../../../controller/client/client.ts';

type Expression = { key: string; operator: string; values?: readonly string[] };

/** Whether a class lets a namespace use it. A namespace that is not known yet is not allowed. */
export function namespaceAllowed(klass: WorkspaceClass, namespace: KubeObject | undefined): boolean {
  const { from, selector } = klass.spec.allowedNamespaces;
  if (from === 'All') return true;
  if (from === 'None' || !namespace) return false;
  const labels = namespace.metadata.labels ?? {};
  const wanted = Object.entries(selector?.matchLabels ?? {});
  const expressions: readonly Expression[] = selector?.matchExpressions ?? [];
  return (
    wanted.every(([key, value]) => own(labels, key) === value) &&
    expressions.every((it) => matches(it, labels))
  );
}

/** metav1.LabelSelectorRequirement; NotIn also holds where the label is absent. */
function matches({ key, operator, values = [] }: Expression, labels: Record<string, string>): boolean {
  const value = own(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
