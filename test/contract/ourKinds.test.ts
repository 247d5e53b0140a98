import { expect, test } from 'vitest';
import { objectAt, objectsAt, stringAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';
import { workspace, workspaceClass } from '../api/support.ts';
import { acceptedWorkspaces, refusedWorkspaces } from '../api/workspaceCases.ts';
import { acceptedClasses, refusedClasses } from '../api/workspaceClassCases.ts';
import { type Api, generationOf, merge } from './support/api.ts';
import { contract } from './support/servers.ts';

const GROUP = '/apis/compute.molecule.ai/v1alpha1';
const classes = `${GROUP}/workspaceclasses`;
const workspaces = `${GROUP}/namespaces/default/workspaces`;
const dryRun = { query: { dryRun: 'All', fieldValidation: 'Strict' } };

/** Under a name that no other test gives. */
function named(body: JsonObject): JsonObject {
  return { ...body, metadata: { name: 'of-the-contract' } };
}

async function causesOf(api: Api, path: string, body: JsonObject): Promise<string> {
  const { status, body: answer } = await api.call('POST', path, named(body), dryRun);
  expect([status, answer.reason]).toEqual([422, 'Invalid']);
  const causes = objectsAt(objectAt(answer, 'details'), 'causes');
  return causes.map((cause) => `${stringAt(cause, 'field')}: ${stringAt(cause, 'message')}`).join('\n');
}

contract('a Workspace', (api) => {
  test.each(acceptedWorkspaces)('is accepted %s', async (_, spec) => {
    await api.ok('POST', workspaces, named(workspace(spec)), dryRun);
  });

  test.each(refusedWorkspaces)('is refused %s', async (_, spec, refusal) => {
    expect(await causesOf(api, workspaces, workspace(spec))).toMatch(refusal);
  });

  test('begins with no operator having seen it, and its status is the operator’s to write', async () => {
    const namespace = await api.namespace();
    const path = `${GROUP}/namespaces/${namespace}/workspaces`;
    const made = await api.ok('POST', path, named(workspace({})));
    expect(made.status).toEqual({ observedGeneration: -1, provisions: 0 });
    const status = { observedGeneration: 1, launch: { number: 0, generation: 0, phase: 'Closed' } };
    const { resourceVersion } = made.metadata as JsonObject;
    const patch = { metadata: { resourceVersion }, status };
    const patched = await api.ok('PATCH', `${path}/of-the-contract/status`, patch, merge);
    expect(patched.status).toMatchObject({ ...status, provisions: 0 });
    expect(generationOf(patched)).toBe(1);
    // An operator may come to this cluster.
    await api.ok('DELETE', `${path}/of-the-contract`);
  });
});

contract('a WorkspaceClass', (api) => {
  test.each(acceptedClasses)('is accepted %s', async (_, change) => {
    await api.ok('POST', classes, named(workspaceClass(change)), dryRun);
  });

  test.each(refusedClasses)('is refused %s', async (_, change, refusal) => {
    expect(await causesOf(api, classes, workspaceClass(change))).toMatch(refusal);
  });
});
