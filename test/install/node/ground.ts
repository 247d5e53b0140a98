import { readFile } from 'node:fs/promises';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { installPoller } from '../../../dev/stack/poller.ts';
import { REGION, type StackOn, startStackOn } from '../../../dev/stack/stack.ts';
import { scaledEnvironment } from '../../../dev/stack/timings.ts';
import type { KubeClient, Resource } from '../../../src/controller/client/client.ts';
import { isAlreadyExists } from '../../../src/controller/client/errors.ts';
import { type Connection, connect } from '../../cluster/real/connect.ts';
import type { SceneApi, SceneOptions } from '../../scenarios/scene/raised.ts';
import { createDoorAt, type Door } from '../../support/base/door.ts';
import type { Values } from '../chart.ts';
import type { Bed } from './bed/bed.ts';
import { BALANCER_IP, NODE_IP } from './bed/place.ts';

const CORE = { group: '', version: 'v1' } as const;
const SECRETS: Resource = { ...CORE, plural: 'secrets', namespaced: true };
const CONFIG_MAPS: Resource = { ...CORE, plural: 'configmaps', namespaced: true };
const NAMESPACES: Resource = { ...CORE, plural: 'namespaces', namespaced: false };

/** Ports of the nodes' address behind which database and cloud are. */
const DATABASE_PORT = 5432;
const CLOUD_PORT = 443;

/** What a platform team has before it installs the chart: cluster, cloud, database, certificates, and values. */
export interface Ground {
  stack: StackOn<SceneApi>;
  connection: Connection;
  doors: Record<'database' | 'cloud' | 'balancer', Door>;
  /** Those of a production, but for the intervals, which are as fast as the scene. */
  values: Values & { gateway: Values; controller: Values; image: Values };
}

export async function prepareGround(bed: Bed, options: SceneOptions): Promise<Ground> {
  const connection = connect(bed.kubeconfig);
  const stack = await startStackOn<SceneApi>(options, async (_folder, onStop) => {
    onStop(connection.close);
    const { url, kubeconfig } = bed;
    return { url, kubeconfig, faults: noFaults(), counters: { rows: () => [] } };
  });
  const database = new URL(stack.databaseURL);
  const behind = Number(database.port);
  database.hostname = NODE_IP;
  database.port = String(DATABASE_PORT);
  const doors = {
    database: await createDoorAt({ host: NODE_IP, port: DATABASE_PORT }, behind),
    cloud: await createDoorAt({ host: NODE_IP, port: CLOUD_PORT }, Number(new URL(stack.ec2.url).port)),
    // As a network load balancer does, it passes on what comes; instances know no other address of the gateway.
    balancer: await createDoorAt(Number(new URL(stack.gatewayURL).port), { host: BALANCER_IP, port: 443 }),
  };
  for (const door of Object.values(doors)) await door.open();
  await createFiles(connection.kube, stack, database.href);
  const stop = async () => {
    for (const door of Object.values(doors)) await door.shut();
    await stack.stop();
  };
  return {
    stack: { ...stack, stop },
    connection,
    doors,
    values: valuesOf(stack.gatewayURL, options.speed ?? 1),
  };
}

function valuesOf(gatewayURL: string, speed: number): Ground['values'] {
  const cloud = `http://${NODE_IP}:${CLOUD_PORT}`;
  const settings = Object.entries(scaledEnvironment(speed)).map(([name, value]) => [name, Number(value)]);
  return {
    image: { repository: 'localhost/workspace-operator', tag: 'test', pullPolicy: 'Never' },
    aws: { region: REGION },
    database: { existingSecret: 'workspace-database', port: DATABASE_PORT },
    gateway: {
      url: gatewayURL,
      tls: { existingSecret: 'workspace-gateway-tls' },
      ca: { existingConfigMap: 'workspace-gateway-ca' },
      identityCertificates: { existingConfigMap: 'ec2-identity-certificates' },
    },
    controller: {},
    tenantNamespaces: ['default'],
    settings: {
      ...Object.fromEntries(settings),
      AWS_ENDPOINT_URL_EC2: cloud,
      AWS_ENDPOINT_URL_SSM: cloud,
    },
    extraEnv: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({ name, value: 'embedded' })),
  };
}

async function createFiles(kube: KubeClient, stack: StackOn<SceneApi>, databaseURL: string): Promise<void> {
  const { operatorEnv: env } = stack;
  const text = (name: string) => readFile(env[name] ?? '', 'utf8');
  const namespace = OPERATOR_NAMESPACE;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await put(kube, NAMESPACES, { kind: 'Namespace', metadata: { name: namespace, labels } });
  const files: [Resource, string, Record<string, unknown>][] = [
    [SECRETS, 'workspace-database', { kind: 'Secret', stringData: { url: databaseURL } }],
    [
      SECRETS,
      'workspace-gateway-tls',
      {
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        stringData: {
          'tls.crt': await text('WORKSPACE_GATEWAY_TLS_CERT_FILE'),
          'tls.key': await text('WORKSPACE_GATEWAY_TLS_KEY_FILE'),
        },
      },
    ],
    [
      CONFIG_MAPS,
      'workspace-gateway-ca',
      { kind: 'ConfigMap', data: { 'ca.crt': await text('WORKSPACE_GATEWAY_CA_FILE') } },
    ],
    [
      CONFIG_MAPS,
      'ec2-identity-certificates',
      { kind: 'ConfigMap', data: { 'certificates.pem': stack.ec2.identityCertificatePEM } },
    ],
  ];
  await installPoller(kube);
  for (const [resource, name, body] of files)
    await put(kube, resource, { ...body, metadata: { name, namespace } });
}

type Body = Record<string, unknown> & {
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
};

/** Creates it, or makes what an earlier scene left what this one needs. */
async function put(kube: KubeClient, resource: Resource, body: Body): Promise<void> {
  const { name, namespace } = body.metadata;
  try {
    await kube.create(resource, { apiVersion: 'v1', ...body }, namespace);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { metadata: _, ...patch } = body;
    await kube.mergePatch(resource, { name, namespace }, patch);
  }
}

function noFaults(): SceneApi['faults'] {
  return {
    add() {
      throw new Error('nothing stands between these pods and the API server');
    },
    active: () => [],
    clear: () => undefined,
    closeWatches: () => 0,
  };
}
