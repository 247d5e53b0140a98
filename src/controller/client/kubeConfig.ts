import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

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

const text = z.string().min(1);

/** What most generated files have: everything inline, and no program, file or proxy to ask. */
const plainFile = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Config'),
  preferences: z.strictObject({}).optional(),
  'current-context': text,
  clusters: z.tuple([
    z.strictObject({
      name: text,
      cluster: z.strictObject({ server: text, 'certificate-authority-data': text }),
    }),
  ]),
  contexts: z.tuple([
    z.strictObject({
      name: text,
      context: z.strictObject({ cluster: text, user: text, namespace: z.string().optional() }),
    }),
  ]),
  users: z.tuple([
    z.strictObject({
      name: text,
      user: z.union([
        z.strictObject({ token: text }),
        z.strictObject({ 'client-certificate-data': text, 'client-key-data': text }),
      ]),
    }),
  ]),
});

/**
 * A kubeconfig of one cluster and one user whose credentials stand in the file, read as client-node reads it.
 * @returns undefined for any other, and for what is broken: that is client-node's, with its errors
 */
export function plainConfig(file: unknown): KubeConfig | undefined {
  const { data } = plainFile.safeParse(file);
  if (!data) return undefined;
  const { clusters, contexts, users, 'current-context': current } = data;
  const [{ name: clusterName, cluster }] = clusters;
  const [{ name: userName, user }] = users;
  const [{ name: contextName, context }] = contexts;
  if (contextName !== current || context.cluster !== clusterName || context.user !== userName)
    return undefined;
  const decoded = (base64: string) => Buffer.from(base64, 'base64');
  return {
    getCurrentContext: () => current,
    getCurrentCluster: () => ({ server: cluster.server.replace(/\/$/, '') }),
    async applyToHTTPSOptions(options) {
      options.ca = decoded(cluster['certificate-authority-data']);
      options.headers = { ...options.headers };
      if ('token' in user) {
        options.headers = { ...options.headers, Authorization: `Bearer ${user.token}` };
      } else {
        options.cert = decoded(user['client-certificate-data']);
        options.key = decoded(user['client-key-data']);
      }
    },
  };
}

/** The file at `path`; without one `KUBECONFIG`, `~/.kube/config` or the Pod's service account, in this order. */
export async function loadKubeConfig(path?: string): Promise<KubeConfig> {
  const named = path ?? process.env.KUBECONFIG;
  const pod = named || existsSync(join(homedir(), '.kube', 'config')) ? undefined : podConfig();
  if (pod) return pod;
  const file = path ?? (named || join(homedir(), '.kube', 'config'));
  // A KUBECONFIG of several files is no file.
  const plain = existsSync(file) ? await readPlain(await readFile(file, 'utf8')) : undefined;
  if (plain) return plain;
  const config = await newKubeConfig();
  if (path === undefined) config.loadFromDefault();
  else config.loadFromFile(path);
  return config;
}

/** One that is given as YAML. */
export async function parseKubeConfig(yaml: string): Promise<KubeConfig> {
  const plain = await readPlain(yaml);
  if (plain) return plain;
  const config = await newKubeConfig();
  config.loadFromString(yaml);
  return config;
}

async function readPlain(text: string): Promise<KubeConfig | undefined> {
  const { parse } = await import('yaml');
  try {
    return plainConfig(parse(text, { logLevel: 'error' }));
  } catch {
    // What is no YAML is client-node's to refuse.
    return undefined;
  }
}

// The last resort: client-node brings the models of all kinds, 60 MB and a third of a second of CPU.
async function newKubeConfig() {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  return new KubeConfig();
}
