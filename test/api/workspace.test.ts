import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { workspaceSpec } from '../../src/api/kinds/workspace.ts';
import { specOf, workspace, workspaces } from './support.ts';
import { acceptedWorkspaces, many, refusedWorkspaces } from './workspaceCases.ts';

describe('a Workspace', () => {
  it.each(acceptedWorkspaces)('is accepted %s', (_, spec) => {
    expect(workspaces.refusals(workspace(spec))).toEqual([]);
    expect(workspaces.unknown(workspace(spec))).toEqual([]);
  });

  it.each(refusedWorkspaces)('is refused %s', (_, spec, refusal) => {
    expect(workspaces.refusals(workspace(spec)).join('\n')).toMatch(refusal);
  });

  it('without a spec is refused', () => {
    const { spec: _, ...rest } = workspace({});
    expect(workspaces.refusals(rest)).toContainEqual(expect.stringMatching(/^spec: Required/));
  });

  it('is defaulted by the API server exactly as by the operator', () => {
    const sparse = { className: 'standard', envFrom: [{ secretRef: { name: 'a' } }], env: [{ name: 'A' }] };
    expect(specOf(workspaces.admit(workspace(sparse)))).toEqual(workspaceSpec.parse(sparse));
  });

  it('reports that no operator has seen it, until one has', () => {
    expect(workspaces.admit(workspace({})).status).toEqual({ observedGeneration: -1, provisions: 0 });
  });
});

describe("a Workspace's status", () => {
  const launch = { number: 1, generation: 1, phase: 'Submitted', failures: 0 };
  const at = '2026-11-23T21:30:00.123Z';
  const ended = {
    number: 3,
    generation: 1,
    cause: { kind: 'Lost', ref: '2' },
    outcome: 'Superseded',
    endedAt: at,
  };
  const withStatus = (status: JsonObject) => ({ ...workspace({}), status });

  it.each<[string, JsonObject]>([
    ['a launch before the first', { launch: { number: 0, generation: 0, phase: 'Closed' } }],
    ['a stamp in milliseconds', { launch: { ...launch, submittedAt: at, deadline: at } }],
    // The lists are one writer's and written whole: a key taken twice must never keep a status from being recorded.
    ['two ends of one number', { history: [ended, ended] }],
    ['two instances of one number', { terminating: many(2, () => ({ number: 2, instanceID: 'i-1' })) }],
  ])('holds %s', (_, status) => {
    expect(workspaces.refusals(withStatus(status))).toEqual([]);
  });

  it.each<[string, JsonObject, RegExp]>([
    ['a negative number', { launch: { ...launch, number: -1 } }, /^status\.launch\.number: /],
    ['a phase there is not', { launch: { ...launch, phase: 'Gone' } }, /^status\.launch\.phase: /],
    ['a stamp that is none', { launch: { ...launch, deadline: 'tomorrow' } }, /^status\.launch\.deadline: /],
    ['six ends', { history: many(6, () => ended) }, /^status\.history: .*5/],
  ])('refuses %s', (_, status, refusal) => {
    expect(workspaces.refusals(withStatus(status)).join('\n')).toMatch(refusal);
  });
});
