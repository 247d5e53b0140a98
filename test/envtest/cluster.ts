import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { kubeconfigOf } from '../../dev/apiserver/kubeconfig.ts';
import { freePort } from '../../dev/stack/files.ts';
import type { ControlPlane } from './binaries.ts';
import { type Identity, writeIdentity } from './identity.ts';
import { startProgram } from './program.ts';

/** A real control plane on loopback: etcd, kube-apiserver with RBAC, and the controllers that end namespaces. */
export interface Cluster {
  url: string;
  caPEM: string;
  /** Of an administrator (system:masters), like `kubeconfig`. */
  token: string;
  /** As YAML. */
  kubeconfig: string;
  etcdURL: string;
  /** What ServiceAccounts asked for: the path of a file of audit events, one a line. */
  auditLog: string;
  /** Ends the programs and removes all that they wrote. */
  stop(): Promise<void>;
}

async function isHealthy(url: string, dispatcher?: Agent): Promise<boolean> {
  try {
    const answer = await request(url, { ...(dispatcher && { dispatcher }), headersTimeout: 2_000 });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

async function startEtcd(binary: string, folder: string) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': 'http://127.0.0.1:0',
    'log-level': 'warn',
    // What a test wrote need not survive a power cut.
    'unsafe-no-fsync': 'true',
  };
  const program = await startProgram({
    binary,
    args: argumentsOf(flags),
    isReady: () => isHealthy(`${url}/health`),
  });
  return { url, ...program };
}

function argumentsOf(flags: Record<string, string>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Who asks for what, without what was asked: metadata holds no Secret's content. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
};

async function writeAuditPolicy(folder: string, log: string): Promise<Record<string, string>> {
  const path = join(folder, 'audit-policy.json');
  await writeFile(path, JSON.stringify(auditPolicy));
  return { 'audit-policy-file': path, 'audit-log-path': log };
}

async function startApiserver(
  binary: string,
  identity: Identity,
  etcdURL: string,
  auditFlags: Record<string, string>,
) {
  const { caPEM, token, servingFlags, trustFlags } = identity;
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const trusting = new Agent({ connect: { ca: caPEM } });
  const program = await startProgram({
    binary,
    args: argumentsOf({
      ...servingFlags,
      ...trustFlags,
      ...auditFlags,
      'etcd-servers': etcdURL,
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'secure-port': String(port),
      'service-cluster-ip-range': '10.0.0.0/24',
      'service-account-issuer': url,
      'authorization-mode': 'RBAC',
      // It would wait for default accounts that no controller makes here.
      'disable-admission-plugins': 'ServiceAccount',
    }),
    isReady: () => isHealthy(`${url}/readyz`, trusting),
  }).finally(() => trusting.close());
  return { url, caPEM, token, kubeconfig: kubeconfigOf(url, caPEM, token), ...program };
}

async function startControllers(binary: string, folder: string, identity: Identity, kubeconfig: string) {
  const path = join(folder, 'kubeconfig');
  await writeFile(path, kubeconfig, { mode: 0o600 });
  const port = await freePort();
  const trusting = new Agent({ connect: { ca: identity.caPEM } });
  return startProgram({
    binary,
    args: argumentsOf({
      kubeconfig: path,
      controllers: 'namespace-controller,garbage-collector-controller',
      'leader-elect': 'false',
      'bind-address': '127.0.0.1',
      'secure-port': String(port),
      ...identity.servingFlags,
    }),
    isReady: () => isHealthy(`https://127.0.0.1:${port}/healthz`, trusting),
  }).finally(() => trusting.close());
}

/** Rejects with the last words of the program that didn't start; nothing is left running then. */
export async function startCluster(binaries: ControlPlane): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'workspace-cluster-'));
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const etcd = await startEtcd(binaries.etcd, folder);
    stops.push(etcd.stop);
    const identity = await writeIdentity(folder);
    const auditLog = join(folder, 'audit.log');
    const auditFlags = await writeAuditPolicy(folder, auditLog);
    const api = await startApiserver(binaries.apiserver, identity, etcd.url, auditFlags);
    stops.push(api.stop);
    const controllers = await startControllers(binaries.controllerManager, folder, identity, api.kubeconfig);
    stops.push(controllers.stop);
    const { url, caPEM, token, kubeconfig } = api;
    return { url, caPEM, token, kubeconfig, etcdURL: etcd.url, auditLog, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
