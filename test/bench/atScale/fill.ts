import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { FINALIZER } from '../../../src/api/base/meta.ts';
import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Workspace, WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { signLaunch } from '../../../src/api/launch/launchMac.ts';
import { clientToken } from '../../../src/api/launch/token.ts';
import { readClusterID } from '../../../src/cluster/clusterIdentity.ts';
import type { Resource } from '../../../src/controller/client/client.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';
import { createKeyRing, LAUNCH_KEY_KINDS, loadKeyEntries } from '../../../src/gateway/access/keys.ts';
import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import type { Connection } from '../apiServer/connection.ts';
import { install, NAMESPACE } from '../apiServer/objects.ts';
import { each, until } from './pace.ts';
import type { Servers } from './servers.ts';

export const CLASS = 'standard';
export const SECRET = 'shared';
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const PILOT = 'pilot';

export const secretData = (value: string) => ({ TOKEN: Buffer.from(value).toString('base64') });

async function create(connection: Connection, name: string, finalizers: string[] = []): Promise<Workspace> {
  const body = {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name, namespace: NAMESPACE, finalizers },
    spec: {
      className: CLASS,
      envFrom: [{ secretRef: { name: SECRET } }],
      env: [{ name: 'WORKSPACE', value: 'any' }],
    },
  };
  return decodeWorkspace(await connection.client.create(WORKSPACES, body, NAMESPACE));
}

/** The kinds, a class, and a Secret that all share. */
export async function installFleet(connection: Connection): Promise<void> {
  await install(connection);
  const { client } = connection;
  const metadata = { name: SECRET, namespace: NAMESPACE };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: secretData('first') };
  await client.create(SECRETS, secret, NAMESPACE);
  const spec = {
    allowedNamespaces: { from: 'All' },
    images: [{ architecture: 'x86_64', ssmParameter: '/workspaces/images/x86_64' }],
    instanceTypes: [{ name: 'm7i.large' }],
    subnets: [{ tags: { workspaces: 'true' } }],
    securityGroups: [{ tags: { workspaces: 'true' } }],
  };
  const klass = {
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'WorkspaceClass',
    metadata: { name: CLASS },
  };
  await client.create(CLASSES, { ...klass, spec });
}

async function readWorkspace(connection: Connection, name: string): Promise<Workspace> {
  return decodeWorkspace(await connection.client.get(WORKSPACES, name, NAMESPACE));
}

/** Resolves with the first Workspace once the operator has brought it up. @param live has its agent heartbeat */
export async function settlePilot(
  connection: Connection,
  live: (workspace: Workspace) => Promise<void>,
): Promise<Workspace> {
  await create(connection, PILOT);
  return until('the first Workspace is Ready', async () => {
    const workspace = await readWorkspace(connection, PILOT);
    const { instance, conditions } = workspace.status ?? {};
    if (instance?.state === 'running') await live(workspace);
    const isReady = conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    return isReady ? workspace : undefined;
  });
}

/** As many more that are like it: object and status, instance and MAC. No operator may run meanwhile. */
export async function copyPilot(
  connection: Connection,
  servers: Servers,
  pilot: Workspace,
  count: number,
): Promise<Workspace[]> {
  const { client } = connection;
  const clusterID = await readClusterID(client, OPERATOR_NAMESPACE);
  const secret = { namespace: OPERATOR_NAMESPACE, name: 'workspace-operator-launch-keys' };
  const entries = await loadKeyEntries(client, secret, random, LAUNCH_KEY_KINDS, 'wait');
  const key = createKeyRing(entries, secret.name, LAUNCH_KEY_KINDS).current('launch');
  const { metadata, status } = pilot;
  const instance = status?.launch?.instanceID;
  const number = status?.launch?.number;
  if (instance === undefined || number === undefined) throw new Error('the first Workspace has no instance');
  const made: Workspace[] = [];
  await each(count, async (index) => void made.push(await create(connection, `fleet-${index}`, [FINALIZER])));
  const copies = made.map(({ metadata: { uid, name } }) => ({
    uid,
    name,
    token: clientToken(clusterID, uid, number),
  }));
  const ids = await servers.copyInstance(instance, copies);
  const fleet: Workspace[] = [];
  await each(made.length, async (index) => {
    const { uid, name, resourceVersion } = (made[index] as Workspace).metadata;
    // Ids and names stand in messages and tags as well.
    const own = JSON.stringify(status)
      .replaceAll(instance, ids[index] ?? '')
      .replaceAll(metadata.uid, uid)
      .replaceAll(metadata.name, name);
    const { launch, ...rest } = JSON.parse(own) as WorkspaceStatus;
    const { params, submittedAt } = launch ?? {};
    if (!params || submittedAt === undefined) throw new Error('the first Workspace has no launch');
    const mac = signLaunch(key, { clusterID, uid, number, submittedAt, params });
    const signed = { ...rest, launch: { ...launch, params: { ...params, mac } } };
    const target = { name, namespace: NAMESPACE, subresource: 'status' as const };
    const patch = { metadata: { resourceVersion }, status: signed };
    fleet.push(decodeWorkspace(await client.mergePatch(WORKSPACES, target, patch)));
  });
  return fleet;
}
