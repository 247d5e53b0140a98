import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { kubeconfigOf } from '../../../../dev/apiserver/transport/kubeconfig.ts';
import type { ControlPlane } from '../../../envtest/binaries.ts';
import { writeAuditPolicy } from '../../../envtest/cluster.ts';
import { startEtcd } from '../../../envtest/etcd.ts';
import { writeIdentity } from '../../../envtest/identity.ts';
import { answers, argumentsOf, type RunningProgram, startProgram } from '../../../envtest/program.ts';
import type { NodePrograms } from '../programs.ts';
import { API_PORT, NODE_IP, SERVICES } from './place.ts';

export interface RunningControlPlane {
  url: string;
  caPEM: string;
  token: string;
  kubeconfig: string;
  kubeconfigPath: string;
  auditLog: string;
  apiServerPid: number;
}

/** Starts etcd, the API server, all controllers and the scheduler; `onStop` gets how to stop each. */
export async function startControlPlane(
  folder: string,
  binaries: ControlPlane,
  { scheduler }: Pick<NodePrograms, 'scheduler'>,
  onStop: (program: Pick<RunningProgram, 'stop'>) => void,
): Promise<RunningControlPlane> {
  const { trustFlags, token } = await writeIdentity(folder);
  const etcd = await startEtcd(binaries.etcd, folder);
  onStop(etcd);
  const url = `https://${NODE_IP}:${API_PORT}`;
  const certificates = join(folder, 'certificates');
  const auditLog = join(folder, 'audit.log');
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const ask = (target: string) =>
    request(target, { dispatcher, headersTimeout: 2_000, headers: { authorization: `Bearer ${token}` } });
  const flags = {
    ...trustFlags,
    ...(await writeAuditPolicy(folder, auditLog)),
    'etcd-servers': etcd.url,
    'advertise-address': NODE_IP,
    'secure-port': String(API_PORT),
    // It signs its own certificate, for each name and address that pods know it by.
    'cert-dir': certificates,
    'service-cluster-ip-range': SERVICES,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'authorization-mode': 'RBAC',
    'kubelet-preferred-address-types': 'InternalIP',
  };
  const start = async (
    binary: string,
    name: string,
    all: Record<string, string>,
    isReady = async () => true,
  ): Promise<number> => {
    const logFile = join(folder, `${name}.log`);
    const program = await startProgram({ binary, args: argumentsOf(all), logFile, isReady });
    onStop(program);
    return program.pid;
  };
  const apiServerPid = await start(binaries.apiserver, 'apiserver', flags, answers(`${url}/readyz`, ask));
  await dispatcher.close();
  const caFile = join(certificates, 'apiserver.crt');
  const caPEM = await readFile(caFile, 'utf8');
  const kubeconfig = kubeconfigOf(url, caPEM, token);
  const path = join(folder, 'kubeconfig');
  await writeFile(path, kubeconfig, { mode: 0o600 });
  const signing = String(trustFlags['service-account-signing-key-file']);
  await start(binaries.controllerManager, 'controller-manager', {
    kubeconfig: path,
    'service-account-private-key-file': signing,
    'root-ca-file': caFile,
    'leader-elect': 'false',
    'bind-address': '127.0.0.1',
    controllers: '*,-bootstrap-signer-controller,-token-cleaner-controller,-node-ipam-controller',
  });
  await start(scheduler, 'scheduler', {
    kubeconfig: path,
    'authentication-kubeconfig': path,
    'authorization-kubeconfig': path,
    'leader-elect': 'false',
    'bind-address': '127.0.0.1',
  });
  return { url, caPEM, token, kubeconfig, kubeconfigPath: path, auditLog, apiServerPid };
}
