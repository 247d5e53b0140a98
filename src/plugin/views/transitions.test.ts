import { describe, expect, test } from 'vitest';
import { launchOf, statusOf } from '../../../test/support/workspace/facts.ts';
import { API_VERSION } from '../../api/base/meta.ts';
import { type Workspace, type WorkspaceStatus, workspaceSpec } from '../../api/kinds/workspace.ts';
import { isSettled, transitions } from './transitions.ts';

function workspaceOf(status: Partial<WorkspaceStatus>): Workspace {
  return {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { name: 'ada', namespace: 'default', uid: 'u', resourceVersion: '1' },
    spec: workspaceSpec.parse({ className: 'standard' }),
    status: statusOf(status),
  };
}

const condition = (type: string, status: 'True' | 'False', reason: string, message = 'm') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const textsOf = (before: Workspace | undefined, after: Workspace | undefined) =>
  transitions(before, after).map(({ text }) => text);

describe('what happened between two versions of a Workspace', () => {
  test('nothing, when no reported field changed', () => {
    expect(textsOf(workspaceOf({}), workspaceOf({ observedGeneration: 2 }))).toEqual([]);
  });

  test('a change that counts names its cause and keys, and the launch that carries it out follows', () => {
    const before = workspaceOf({});
    const desired = { generation: 2, env: 'k1:b', machine: 'm', cause: 'SecretChanged' as const, at: '' };
    const after = workspaceOf({
      desired: { ...desired, changed: ['ada-env/KEY'] },
      launch: {
        number: 2,
        generation: 2,
        cause: { kind: 'SecretChanged', ref: '2' },
        phase: 'Waiting',
        failures: 0,
      },
      terminating: [{ number: 1, instanceID: 'i-1' }],
    });
    expect(textsOf(before, after)).toEqual([
      'a change that counts: generation 2, SecretChanged: ada-env/KEY',
      'launch 2 is on record (SecretChanged, generation 2)',
      'i-1 (launch 1) is to end',
    ]);
  });

  test("a predecessor's proven end comes before its successor's first state", () => {
    const before = workspaceOf({ terminating: [{ number: 1, instanceID: 'i-1' }] });
    const after = workspaceOf({
      launch: launchOf({ number: 2 }),
      instance: { id: 'i-2', state: 'pending' },
      provisions: 2,
      terminating: undefined,
    });
    expect(textsOf(before, after)).toEqual([
      'launch 2 is on record (Created, generation 1)',
      'launch 2 is i-2: provision 2',
      'i-1 (launch 1) is proven gone',
      'i-2 is pending',
    ]);
  });

  test('a deferral has one line, and Ready is shown by its reason', () => {
    const before = workspaceOf({ conditions: [condition('Ready', 'True', 'Ready')] });
    const deferred = condition('UpToDate', 'False', 'Deferred', 'at noon');
    const after = workspaceOf({ conditions: [condition('Ready', 'True', 'Ready'), deferred] });
    expect(textsOf(before, after)).toEqual(['deferred: at noon']);
    expect(textsOf(after, after)).toEqual([]);
    const down = workspaceOf({ conditions: [condition('Ready', 'False', 'Booting', 'it boots'), deferred] });
    expect(textsOf(after, down)).toEqual(['Ready=False Booting: it boots']);
  });

  test('settled is Ready and UpToDate, both', () => {
    const ready = condition('Ready', 'True', 'Ready');
    expect(isSettled(workspaceOf({ conditions: [ready] }))).toBe(false);
    expect(isSettled(workspaceOf({ conditions: [ready, condition('UpToDate', 'True', 'UpToDate')] }))).toBe(
      true,
    );
  });
});
