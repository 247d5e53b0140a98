import { describe, expect, test } from 'vitest';
import { desiredOf, launchOf, stamp, statusOf } from '../../../test/support/workspace/facts.ts';
import { API_VERSION } from '../../api/base/meta.ts';
import { type Cause, type WorkspaceStatus, workspaceSpec } from '../../api/kinds/workspace.ts';
import { restartContext } from './restartContext.ts';

const contextOf = (status: Partial<WorkspaceStatus>) =>
  restartContext({
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { name: 'ada', namespace: 'default', uid: 'u', resourceVersion: '1' },
    spec: workspaceSpec.parse({ className: 'standard' }),
    status: statusOf(status),
  });
const refused = (number: number, cause: Cause) => ({
  number,
  generation: 2,
  cause,
  outcome: 'Refused' as const,
  endedAt: stamp(0),
});
const changed = desiredOf(2, 'b', { changed: ['ada-env/KEY'] });
const launch = (number: number, cause: Cause) => launchOf({ number, generation: 2, cause });

describe('why an agent finds itself on a new instance', () => {
  test('the first launch restarts nothing', () => {
    expect(contextOf({})).toBeUndefined();
  });

  test('a change comes with its names, a request without', () => {
    const change = launch(2, { kind: 'SecretChanged', ref: '2' });
    expect(contextOf({ desired: changed, launch: change })).toMatchObject({
      cause: 'SecretChanged',
      changed: ['ada-env/KEY'],
    });
    const asked = launch(2, { kind: 'Restart', ref: 'now' });
    expect(contextOf({ desired: changed, launch: asked })).toMatchObject({ cause: 'Restart', changed: [] });
  });

  test('names of a later generation explain nothing', () => {
    const change = launch(2, { kind: 'SecretChanged', ref: '2' });
    expect(contextOf({ desired: { ...changed, generation: 3 }, launch: change })?.changed).toEqual([]);
  });

  test('a launch in place of refused ones is there for what they were for', () => {
    const history = [
      refused(3, { kind: 'Refused', ref: '2' }),
      refused(2, { kind: 'SecretChanged', ref: '2' }),
    ];
    const present = launch(4, { kind: 'Refused', ref: '3' });
    expect(contextOf({ desired: changed, launch: present, history })).toMatchObject({
      cause: 'SecretChanged',
      changed: ['ada-env/KEY'],
    });
    // Nothing was restarted where even the first launch was refused.
    const first = refused(1, { kind: 'Created', ref: '1' });
    expect(contextOf({ launch: launch(2, { kind: 'Refused', ref: '1' }), history: [first] })).toBeUndefined();
  });

  test('beyond the history the cause is the refusal itself', () => {
    expect(contextOf({ launch: launch(9, { kind: 'Refused', ref: '8' }), history: [] })?.cause).toBe(
      'Refused',
    );
  });
});
