import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { resourcePath } from '../../../src/controller/client/kubeClient.ts';
import { parseKubeConfig } from '../../../src/controller/client/kubeConfig.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE, SECRETS } from '../scene/objects.ts';
import type { Scene } from '../scene/scene.ts';

/** An object as its owner wants it. */
export interface Configuration {
  kind: 'Workspace' | 'Secret';
  name: string;
  metadata?: JsonObject;
  rest: JsonObject;
}

export interface ApplyOptions {
  force?: boolean;
  dryRun?: boolean;
}

/** A tool that applies what it owns on the server, as GitOps controllers do. */
export interface Applier {
  /** Rejects on a conflict; otherwise the object as it is then. */
  apply(configuration: Configuration, options?: ApplyOptions): Promise<JsonObject>;
  /** The object as it is. */
  read(configuration: Pick<Configuration, 'kind' | 'name'>): Promise<JsonObject>;
  /** PUT of an object that was read. */
  put(configuration: Pick<Configuration, 'kind' | 'name'>, object: JsonObject): Promise<JsonObject>;
  close(): Promise<void>;
}

/** @param fieldManager as the tool names itself */
export function openApplier(scene: Scene, fieldManager: string): Applier {
  const loadKubeConfig = () => parseKubeConfig(scene.adminKubeconfig);
  const metrics = createRuntimeMetrics();
  const transport = kubeTransport({ clock: systemClock, metrics, loadKubeConfig, userAgent: fieldManager });
  const pathOf = ({ kind, name }: Pick<Configuration, 'kind' | 'name'>): string =>
    resourcePath(kind === 'Workspace' ? WORKSPACES : SECRETS, { namespace: NAMESPACE, name });
  async function send(
    method: 'GET' | 'PUT' | 'PATCH',
    path: string,
    body?: JsonObject,
    more: { contentType?: string; query?: Record<string, string> } = {},
  ): Promise<JsonObject> {
    const answer = await transport.request({ method, path, body, ...more });
    const object = answer.body as JsonObject;
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${object.message}`);
    return object;
  }
  return {
    apply(configuration, { force = false, dryRun = false } = {}) {
      const { kind, name, metadata = {}, rest } = configuration;
      const apiVersion = kind === 'Workspace' ? `${WORKSPACES.group}/${WORKSPACES.version}` : 'v1';
      const body = { apiVersion, kind, metadata: { ...metadata, name, namespace: NAMESPACE }, ...rest };
      return send('PATCH', pathOf(configuration), body, {
        contentType: 'application/apply-patch+yaml',
        query: { fieldManager, force: String(force), ...(dryRun && { dryRun: 'All' }) },
      });
    },
    read: (configuration) => send('GET', pathOf(configuration)),
    put: (configuration, object) => send('PUT', pathOf(configuration), object, { query: { fieldManager } }),
    close: () => transport.close(),
  };
}
