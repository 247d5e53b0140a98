import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Resource } from '../../../src/controller/client/client.ts';
import { ApiError } from '../../../src/controller/client/errors.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { CLASSES, classManifest, NAMESPACE } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';

describe('what schema and CEL can say is refused before it is stored', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await createScene();
  });
  afterAll(() => scene.close());

  async function refusal(resource: Resource, body: unknown, namespace?: string): Promise<ApiError> {
    const answer: unknown = await scene.kube
      .create(resource, body, namespace)
      .catch((error: unknown) => error);
    if (!(answer instanceof ApiError)) throw new Error('it was not refused', { cause: answer });
    return answer;
  }

  const spot = { capacityTypes: ['Spot'] };
  const arm = { instanceTypes: [{ name: 'm7g.large', architecture: 'arm64' }] };
  const both = { id: 'ami-0123456789abcdef0', ssmParameter: '/x', architecture: 'x86_64' };
  const selector = { from: 'Selector' };
  const beats = { periodSeconds: 30, timeoutSeconds: 45 };
  const classes: [string, Record<string, unknown>, string, RegExp][] = [
    ['no subnets', { subnets: [] }, 'spec.subnets', /at least 1 item/],
    ['Spot without Terminate', spot, 'spec.stopBehavior', /requires stopBehavior: Terminate; set it/],
    ['a type without an image', arm, 'spec.images', /one for the architecture of each instance type/],
    ['an image with two names', { images: [both] }, 'spec.images[0]', /exactly one of id and ssmParameter/],
    ['a selection without a selector', { allowedNamespaces: selector }, 'spec.allowedNamespaces', /selector/],
    ['a timeout of one beat', { heartbeat: beats }, 'spec.heartbeat.timeoutSeconds', /twice periodSeconds/],
    ['an unknown policy', { repair: { policy: 'Pray' } }, 'spec.repair.policy', /"Replace", "None"/],
  ];
  test.each(classes)('a class with %s', async (_what, spec, field, message) => {
    const refused = await refusal(CLASSES, classManifest('refused', spec));
    expect({ code: refused.status, reason: refused.reason }).toEqual({ code: 422, reason: 'Invalid' });
    const cause = refused.causes.find((one) => one.field?.startsWith(field));
    expect(cause?.message).toMatch(message);
    expect(refused.message).toContain('WorkspaceClass.compute.molecule.ai "refused" is invalid');
  });

  const workspaces: [string, Record<string, unknown>, string, RegExp][] = [
    ['no class', { className: undefined }, 'spec.className', /Required value/],
    ['a name that no shell can hold', { env: [{ name: 'A-B', value: '' }] }, 'spec.env[0].name', /match/],
    ['a mode of its own', { operatingMode: 'Hibernated' }, 'spec.operatingMode', /"Running", "Stopped"/],
    ['a type that is none', { instanceType: 'big' }, 'spec.instanceType', /match/],
  ];
  test.each(workspaces)('a Workspace with %s', async (_what, spec, field, message) => {
    const body = {
      apiVersion: 'compute.molecule.ai/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'refused' },
      spec: { className: 'standard', ...spec },
    };
    const refused = await refusal(WORKSPACES, body, NAMESPACE);
    expect({ code: refused.status, reason: refused.reason }).toEqual({ code: 422, reason: 'Invalid' });
    const cause = refused.causes.find((one) => one.field === field);
    expect(cause?.message).toMatch(message);
  });
});
