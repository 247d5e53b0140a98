import { namesOf } from '../../../src/api/base/table.ts';
import { CLASS_EDITS, COSTS, type Edit, WORKSPACE_EDITS } from '../../../src/api/edits/edits.ts';
import { code, table } from './markdown.ts';

const EDITS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Edit>>>>>> = {
  Workspace: WORKSPACE_EDITS,
  WorkspaceClass: CLASS_EDITS,
};

/** docs/kinds.md: the section on the edits of a kind's spec. */
export function editsSection(kind: string): string[] {
  const rows = Object.entries(EDITS[kind] ?? {}).flatMap(([field, edits]) =>
    Object.values(edits).map(({ edit, costs, why = '' }) => [code(field), edit, COSTS[costs].shown, why]),
  );
  return [
    `### What an edit of a ${kind} costs`,
    '',
    'Of a Workspace whose instance runs. What is not known of an instance counts as asked for.',
    '',
    ...namesOf(COSTS).map((cost) => `- **${COSTS[cost].shown}**: ${COSTS[cost].means}`),
    '',
    table(['Field', 'Edit', 'Costs', 'Why'], rows),
  ];
}
