import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { kubeconfigOf } from '../../dev/apiserver/transport/kubeconfig.ts';
import { freePort } from '../../dev/ports.ts';
import type { ControlPlane } from './binaries.ts';
import { type Identity, writeIdentity } from './identity.ts';
import { answers, argumentsOf, type RunningProgram, startProgram } from './program.ts';

/** A real control plane on loopback: kube-apiserver with RBAC, and the controllers that end namespaces. */
export interface Cluster {
  /** Its own among those on one etcd. */
  id: string;
  url: string;
  caPEM: string;
  /** Of an administrator (system:masters), like `kubeconfig`. */
  token: string;
  /** As YAML. */
  kubeconfig: string;
  etcdURL: string;
  /** Under which it keeps all it has in etcd. */
  etcdPrefix: string;
  /** What ServiceAccounts asked for: the path of a file of audit events, one a line. */
  auditLog: string;
  /** Of kube-apiserver. */
  pid: number;
  /** Ends the programs and removes all that they wrote but the audit log. */
  stop(): Promise<void>;
}

export interface ClusterPlace {
  etcdURL: string;
  /** Where the audit log goes. */
  folder: string;
}

/** Who asks for what, without what was asked: metadata holds no Secret's content. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
};

/** Answers with the flags of an API server that writes what ServiceAccounts ask for to that file. */
export async function writeAuditPolicy(folder: string, log: string): Promise<Record<string, string>> {
  const path = join(folder, 'audit-policy.json');
  await writeFile(path, JSON.stringify(auditPolicy));
  return { 'audit-policy-file': path, 'audit-log-path': log };
}

/** Starts what serves HTTPS under that identity, and waits until the path answers with 200. */
async function startServing(
  binary: string,
  { caPEM, servingFlags }: Identity,
  flags: Record<string, string>,
  path: string,
): Promise<RunningProgram & { url: string }> {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const dispatcher = new Agent({ connect: { ca: caPEM } });
  try {
    const program = await startProgram({
      binary,
      args: argumentsOf({
        ...servingFlags,
        'bind-address': '127.0.0.1',
        'secure-port': String(port),
        ...flags,
      }),
      isReady: answers(`${url}${path}`, (target) => request(target, { dispatcher, headersTimeout: 2_000 })),
    });
    return { url, ...program };
  } finally {
    await dispatcher.close();
  }
}

/** Rejects with the last words of the program that didn't start; nothing is left running then. */
export async function startCluster(binaries: ControlPlane, place: ClusterPlace): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'workspace-cluster-'));
  const id = folder.slice(folder.lastIndexOf('-') + 1);
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const identity = await writeIdentity(folder);
    const auditLog = join(place.folder, `audit-${id}.log`);
    const etcdPrefix = `/cluster-${id}`;
    const api = await startServing(
      binaries.apiserver,
      identity,
      {
        ...identity.trustFlags,
        ...(await writeAuditPolicy(folder, auditLog)),
        'etcd-servers': place.etcdURL,
        'etcd-prefix': etcdPrefix,
        'advertise-address': '127.0.0.1',
        'service-cluster-ip-range': '10.0.0.0/24',
        'service-account-issuer': `https://${id}.invalid`,
        'authorization-mode': 'RBAC',
        // It would wait for default accounts that no controller makes here.
        'disable-admission-plugins': 'ServiceAccount',
      },
      '/readyz',
    );
    stops.push(api.stop);
    const { caPEM, token } = identity;
    const kubeconfig = kubeconfigOf(api.url, caPEM, token);
    const path = join(folder, 'kubeconfig');
    await writeFile(path, kubeconfig, { mode: 0o600 });
    const controllers = await startServing(
      binaries.controllerManager,
      identity,
      {
        kubeconfig: path,
        controllers: 'namespace-controller,garbage-collector-controller',
        'leader-elect': 'false',
      },
      '/healthz',
    );
    stops.push(controllers.stop);
    const { etcdURL } = place;
    return {
      id,
      url: api.url,
      caPEM,
      token,
      kubeconfig,
      etcdURL,
      etcdPrefix,
      auditLog,
      pid: api.pid,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
