import { join } from 'node:path';
import { argumentsOf, type RunningProgram, startProgram } from '../../../envtest/program.ts';
import type { NodePrograms } from '../programs.ts';
import { nodeName } from './kubelet.ts';

/** Starts what makes Services lead to pods, and what enforces NetworkPolicies. */
export async function startServices(
  folder: string,
  kubeconfig: string,
  { proxy, router }: Pick<NodePrograms, 'proxy' | 'router'>,
): Promise<RunningProgram[]> {
  const common = { kubeconfig, 'hostname-override': nodeName(1) };
  const start = (binary: string, name: string, flags: Record<string, string>) =>
    startProgram({
      binary,
      args: argumentsOf({ ...common, ...flags }),
      logFile: join(folder, `${name}.log`),
      isReady: async () => true,
    });
  return [
    await start(proxy, 'proxy', {
      'proxy-mode': 'nftables',
      // These would be the whole machine's.
      'conntrack-max-per-core': '0',
      'conntrack-tcp-timeout-established': '0s',
      'conntrack-tcp-timeout-close-wait': '0s',
    }),
    await start(router, 'router', {
      'run-router': 'false',
      'run-service-proxy': 'false',
      'run-firewall': 'true',
      'health-port': '0',
      'metrics-port': '0',
    }),
  ];
}
