import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentsOf, type RunningProgram, startProgram } from '../../../envtest/program.ts';
import { createCgroup } from './cgroups.ts';
import { startContainerd } from './containerd.ts';
import { NODE_IP } from './place.ts';

export interface NodeOptions {
  /** 1 or 2. */
  number: number;
  kubelet: string;
  kubeconfig: string;
  /** Of the bed. */
  folder: string;
  cgroup: string;
  archives: readonly string[];
}

export const nodeName = (number: number) => `node${number}`;

/** Starts a node: containerd and a kubelet. It answers with how to stop them. */
export async function startNode(options: NodeOptions): Promise<Pick<RunningProgram, 'stop'>> {
  const { number, kubelet, kubeconfig, cgroup, archives } = options;
  const folder = join(options.folder, nodeName(number));
  await mkdir(folder);
  const containerd = await startContainerd(folder, number, archives);
  const group = `${cgroup}/${nodeName(number)}`;
  await createCgroup(group);
  const config = join(folder, 'kubelet.json');
  const port = 10_250 + 10 * number;
  await writeFile(config, JSON.stringify(configuration(folder, group, containerd.socket, port)));
  const program = await startProgram({
    binary: kubelet,
    args: argumentsOf({
      kubeconfig,
      config,
      'root-dir': join(folder, 'kubelet'),
      'cert-dir': join(folder, 'kubelet-certificates'),
      'hostname-override': nodeName(number),
      // Both have it, so that one kube-router takes all pods for its own.
      'node-ip': NODE_IP,
    }),
    logFile: join(folder, 'kubelet.log'),
    isReady: async () => true,
  });
  return {
    async stop() {
      await program.stop();
      await containerd.stop();
    },
  };
}

function configuration(folder: string, cgroup: string, socket: string, port: number) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    port,
    healthzPort: 0,
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    enforceNodeAllocatable: [],
    // Its network is the bed's alone.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${socket}`,
    featureGates: { KubeletInUserNamespace: true },
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    clusterDNS: [NODE_IP],
    clusterDomain: 'cluster.local',
    podLogsDir: join(folder, 'pods'),
    nodeStatusUpdateFrequency: '5s',
    // How soon a Secret that changed is in a pod: a minute by default.
    syncFrequency: '5s',
  };
}
