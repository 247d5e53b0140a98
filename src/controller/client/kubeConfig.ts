import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The part of a configuration that the runtime needs; client-node's KubeConfig has it. */
export interface KubeConfig {
  getCurrentContext(): string;
  getCurrentCluster(): { server: string; proxyUrl?: string } | null;
  /** Adds what convinces the server: headers, certificates. Rejects when a file can't be read, or a plugin fails. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where a kubelet puts a Pod's service account. */
const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * A Pod's own service account; its token, which the kubelet renews in place, is read again each time.
 * @returns undefined where this is no Pod
 */
export function podConfig(env: Env = process.env, mount = MOUNT): KubeConfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host || !existsSync(join(mount, 'token'))) return undefined;
  return {
    getCurrentContext: () => 'in the Pod’s cluster',
    getCurrentCluster: () => ({ server: `https://${host.includes(':') ? `[${host}]` : host}:${port}` }),
    async applyToHTTPSOptions(options) {
      const token = await readFile(join(mount, 'token'), 'utf8');
      options.headers = { ...options.headers, Authorization: `Bearer ${token.trim()}` };
      options.ca = await readFile(join(mount, 'ca.crt'), 'utf8');
    },
  };
}

/** The file at `path`; without one `KUBECONFIG`, `~/.kube/config` or the Pod's service account, in this order. */
export async function loadKubeConfig(path?: string): Promise<KubeConfig> {
  const named = path ?? process.env.KUBECONFIG;
  const pod = named || existsSync(join(homedir(), '.kube', 'config')) ? undefined : podConfig();
  if (pod) return pod;
  const config = await newKubeConfig();
  if (path === undefined) config.loadFromDefault();
  else config.loadFromFile(path);
  return config;
}

/** One that is given as YAML. */
export async function parseKubeConfig(yaml: string): Promise<KubeConfig> {
  const config = await newKubeConfig();
  config.loadFromString(yaml);
  return config;
}

// A Pod does without: client-node brings the models of all kinds, 60 MB and a third of a second of CPU.
async function newKubeConfig() {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  return new KubeConfig();
}
