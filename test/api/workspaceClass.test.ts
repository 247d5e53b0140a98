import { describe, expect, it } from 'vitest';
import { workspaceClassSpec } from '../../src/api/kinds/workspaceClass.ts';
import { specOf, workspaceClass, workspaceClasses } from './support.ts';
import { acceptedClasses, refusedClasses } from './workspaceClassCases.ts';

describe('a WorkspaceClass', () => {
  it.each(acceptedClasses)('is accepted %s', (_, change) => {
    expect(workspaceClasses.refusals(workspaceClass(change))).toEqual([]);
    expect(workspaceClasses.unknown(workspaceClass(change))).toEqual([]);
  });

  it.each(refusedClasses)('is refused %s', (_, change, refusal) => {
    expect(workspaceClasses.refusals(workspaceClass(change)).join('\n')).toMatch(refusal);
  });

  it('is defaulted by the API server exactly as by the operator', () => {
    const sparse = workspaceClass({ heartbeat: { periodSeconds: 10 }, rootVolume: { sizeGiB: 50 } });
    expect(specOf(workspaceClasses.admit(sparse))).toEqual(workspaceClassSpec.parse(specOf(sparse)));
  });
});
