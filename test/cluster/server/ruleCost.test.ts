import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { objectAt, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { parseKubeConfig } from '../../../src/controller/client/kubeConfig.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { ourDefinitions } from '../../contract/support/kinds.ts';
import { realCluster } from '../real/ownCluster.ts';

const GROUP = 'cost.example.com';

/** The definition under a group of its own, so that it is looked at as a new one. */
function asNew(crd: JsonObject): JsonObject {
  const spec = { ...objectAt(crd, 'spec'), group: GROUP };
  const name = `${stringAt(objectAt(spec, 'names'), 'plural')}.${GROUP}`;
  return { ...crd, metadata: { name }, spec };
}

/** Without the limits that keep the cost of its rules within bounds. */
function unbounded(crd: JsonObject): JsonObject {
  const limits = new Set(['maxItems', 'maxLength', 'maxProperties']);
  return JSON.parse(JSON.stringify(crd, (key, value) => (limits.has(key) ? undefined : value)));
}

describe('the cost of the kinds’ rules, which kube-apiserver alone estimates', () => {
  let transport: ReturnType<typeof kubeTransport>;
  beforeAll(() => {
    const access = realCluster();
    const loadKubeConfig = () => parseKubeConfig(access.kubeconfig);
    transport = kubeTransport({ clock: systemClock, metrics: createRuntimeMetrics(), loadKubeConfig });
  });
  afterAll(() => transport.close());

  async function post(body: JsonObject) {
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const answer = await transport.request({ method: 'POST', path, body, query: { dryRun: 'All' } });
    return { status: answer.status, message: stringAt(answer.body as JsonObject, 'message') };
  }

  test.each(ourDefinitions)('$kind’s is within its budget', async ({ crd }) => {
    expect(await post(asNew(crd))).toEqual({ status: 201, message: '' });
  });

  test('it is looked at: without its limits a WorkspaceClass is refused for it', async () => {
    const crd = ourDefinitions.find(({ kind }) => kind === 'WorkspaceClass')?.crd ?? {};
    const { status, message } = await post(unbounded(asNew(crd)));
    expect([status, message]).toEqual([422, expect.stringContaining('exceeds budget')]);
  });
});
