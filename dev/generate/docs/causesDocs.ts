import { CAUSE_KINDS, type CauseKind, outdatedBy, SPENT, traitsOf } from '../../../src/api/reasons/causes.ts';
import { code, table } from './markdown.ts';

/** docs/design.md, region causes. */
export function causesTable(): string {
  return table(
    ['Kind', 'When', 'Spends, as `ref` names it', 'What follows'],
    CAUSE_KINDS.map((kind) => {
      const { when, spends } = traitsOf(kind);
      return [code(kind), when, SPENT[spends].ref, consequences(kind)];
    }),
  );
}

function consequences(kind: CauseKind): string {
  const traits = traitsOf(kind);
  return [
    ...(outdatedBy(kind) ? ['waits for its turn in the class’s roll-out'] : []),
    ...(traits.supersedesStarting ? ['may supersede a launch that still starts'] : []),
    ...(traits.spends === 'end' && traits.failure ? ['a failure: the pause grows'] : []),
    ...(traits.spends === 'end' && traits.recorded === 'bySuccessor' ? ['ends the instance'] : []),
  ].join('; ');
}

/** What a label `cause` is when something came to an end that it should not have. */
export function failureCauses(): string {
  return CAUSE_KINDS.filter((kind) => {
    const traits = traitsOf(kind);
    return traits.spends === 'end' && traits.failure;
  }).join('|');
}
