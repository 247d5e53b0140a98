import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { KubeClient, Resource } from '../../src/controller/client/client.ts';
import { isAlreadyExists } from '../../src/controller/client/errors.ts';
import { kubeClient } from '../../src/controller/client/kubeClient.ts';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { ApiServer } from '../apiserver/apiServer.ts';
import { inProcessTransport } from '../apiserver/transport/inProcessTransport.ts';
import { installPoller } from './poller.ts';

const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };
const CRD_FOLDER = join(import.meta.dirname, '..', '..', 'crds');
const manifest = z.looseObject({ metadata: z.looseObject({ name: z.string() }) });

export const OPERATOR_NAMESPACE = 'workspace-system';

/** A client to the embedded API server without a socket, for code that sets the scene. */
export function stageClient(api: ApiServer, clock: Clock): KubeClient {
  return kubeClient(inProcessTransport(api.handler, { clock }), { clock });
}

// Once a process: to parse them takes longer than to install them.
let definitions: Promise<unknown[]> | undefined;

async function readDefinitions(): Promise<unknown[]> {
  const files = (await readdir(CRD_FOLDER)).filter((file) => file.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (name) => manifest.parse(parse(await readFile(join(CRD_FOLDER, name), 'utf8')))),
  );
}

/** What an installation puts into a cluster before the operator starts: the kinds, its namespace, and a poller. */
export async function installCluster(kube: KubeClient): Promise<void> {
  definitions ??= readDefinitions();
  for (const definition of await definitions) await createOnce(kube, CRDS, definition);
  const metadata = { name: OPERATOR_NAMESPACE };
  await createOnce(kube, NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });
  await installPoller(kube);
}

async function createOnce(kube: KubeClient, resource: Resource, body: unknown): Promise<void> {
  try {
    await kube.create(resource, body);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
