import { expect, test } from 'vitest';
import { createApiServer } from '../../dev/apiserver/apiServer.ts';
import { createStore } from '../../dev/apiserver/storage/store.ts';
import { OPERATOR_NAMESPACE, stageClient } from '../../dev/stack/install.ts';
import { decodeWorkspace } from '../../src/api/kinds/decode.ts';
import { requestVersion } from '../../src/api/kinds/launchParams.ts';
import { clientToken } from '../../src/api/launch/token.ts';
import { readClusterID } from '../../src/cluster/clusterIdentity.ts';
import { runInstancesInput } from '../../src/ec2/launch/runInput.ts';
import { createKeyRing, loadKeyEntries } from '../../src/gateway/access/keys.ts';
import { createUserDataStore } from '../../src/reconcilers/workspace/userData/userDataStore.ts';
import { seededRandom } from '../support/base/seededRandom.ts';
import { createVirtualClock } from '../support/base/virtualClock.ts';
import type { Frozen } from './frozen.ts';
import { readFrozen, states } from './releases.ts';
import { requestBody } from './request.ts';

const STORAGE = 'compute.molecule.ai/workspaces';

/** What this release would send for each launch on record, by token. */
async function render(frozen: Frozen): Promise<Map<string, string>> {
  const [clock, random, state] = [createVirtualClock(), seededRandom(), createStore()];
  state.load(frozen.objects);
  const kube = stageClient(createApiServer({ clock, random }, state), clock);
  const clusterID = await readClusterID(kube, OPERATOR_NAMESPACE);
  const secret = { namespace: OPERATOR_NAMESPACE, name: 'workspace-operator-keys' };
  const userData = createUserDataStore({
    kube,
    namespace: OPERATOR_NAMESPACE,
    clusterID,
    keys: createKeyRing(await loadKeyEntries(kube, secret, random), secret.name),
    gatewayURL: 'https://another.example',
    caBundle: () => undefined,
    agentScript: '#!/bin/sh\n',
  });
  const rendered = new Map<string, string>();
  for (const object of Object.values(frozen.objects.objects[STORAGE] ?? {})) {
    const { metadata, status } = decodeWorkspace(object);
    const { number, params } = status?.launch ?? {};
    if (number === undefined || !params) continue;
    const version = requestVersion(params, number);
    if (version === undefined) throw new Error(`this release can't render launch ${number}`);
    const token = clientToken(clusterID, metadata.uid, number);
    const text = await userData.renderUserData({ uid: metadata.uid, number, userData: params.userData });
    const input = runInstancesInput({ params, version, userData: text, clientToken: token });
    rendered.set(token, await requestBody(input));
  }
  return rendered;
}

test.each(states)('launches that $release left in $name are rendered again byte by byte', async (state) => {
  const frozen = readFrozen(state);
  const recorded = new Map(frozen.requests.map(({ clientToken: token, body }) => [token, body]));
  const rendered = await render(frozen);
  expect(rendered.size).toBeGreaterThan(0);
  for (const [token, body] of rendered) expect(body).toBe(recorded.get(token));
});
