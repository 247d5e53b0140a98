import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { CHART, LEAST } from '../../install/chart.ts';
import { findHelm } from '../../install/helm.ts';
import { ownCluster } from '../real/ownCluster.ts';

export const NAMESPACE = 'workspace-system';
const root = join(import.meta.dirname, '..', '..', '..');

/** A real API server with the operator's namespace, and a Helm whose state stays in a folder of its own. */
export async function openHelmCluster(major: 3 | 4) {
  const program = await findHelm(major);
  const own = await ownCluster(root);
  const { cluster, kubectl } = own;
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  await writeFile(join(folder, 'values.yaml'), stringify({ ...LEAST, tenantNamespaces: ['default'] }));
  await kubectl.ok('create', 'namespace', NAMESPACE);
  await kubectl.ok('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/warn=restricted');

  /** What Helm says; rejects with it where Helm fails. */
  async function helm(command: string, ...args: string[]): Promise<string> {
    const where = ['--kubeconfig', kubeconfig, '--namespace', NAMESPACE];
    const env = {
      ...process.env,
      HOME: folder,
      XDG_CACHE_HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_DATA_HOME: folder,
    };
    const { stdout, stderr } = await promisify(execFile)(program, [command, ...args, ...where], { env });
    return `${stdout}${stderr}`;
  }
  return {
    cluster,
    kubectl,
    folder,
    helm,
    install: (release: string, ...more: string[]) =>
      helm('install', release, CHART, '--values', join(folder, 'values.yaml'), ...more),
    async close() {
      await own.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type HelmCluster = Awaited<ReturnType<typeof openHelmCluster>>;
