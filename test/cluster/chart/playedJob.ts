import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { until } from '../../scenarios/scene/until.ts';
import { type HelmCluster, NAMESPACE } from './helmCluster.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** What the operator's process said and how it ended. */
export interface Played {
  code: number;
  output: string;
}

interface Job {
  metadata: { uid: string };
  status?: { conditions?: unknown[] };
  spec: {
    template: { spec: { serviceAccountName: string; containers: [{ args: string[] }] } };
  };
}

/**
 * There is no kubelet here: waits for the Job, runs its container's arguments as a process with its account's token and
 * rights, and writes the status that the Job controller would.
 */
export async function playJob(
  { kubectl, cluster, folder }: Pick<HelmCluster, 'kubectl' | 'cluster' | 'folder'>,
  name: string,
): Promise<Played> {
  const job = await until(`there is a Job ${name}`, async () => {
    const { code, stdout } = await kubectl.run(['get', 'job', name, '-n', NAMESPACE, '-o', 'json']);
    const found = code === 0 ? (JSON.parse(stdout) as Job) : undefined;
    return found && !found.status?.conditions ? found : undefined;
  });
  const { serviceAccountName, containers } = job.spec.template.spec;
  const token = await kubectl.ok('create', 'token', serviceAccountName, '-n', NAMESPACE);
  const admin = parse(cluster.kubeconfig) as { users: { name: string }[] };
  const users = admin.users.map((user) => ({ name: user.name, user: { token: token.trim() } }));
  const kubeconfig = join(folder, 'job-kubeconfig');
  await writeFile(kubeconfig, stringify({ ...admin, users }), { mode: 0o600 });
  const played = await new Promise<Played>((resolve) => {
    const env = {
      PATH: process.env.PATH,
      KUBECONFIG: kubeconfig,
      WORKSPACE_KUBERNETES_NAMESPACE: NAMESPACE,
    };
    execFile(
      process.execPath,
      ['src/main.ts', ...containers[0].args],
      { cwd: root, env },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? -1) : 0, output: `${stdout}${stderr}` }),
    );
  });
  await endJob(kubectl, name, played.code === 0);
  return played;
}

/** Writes the status of a Job that ended; both conditions, as the API server asks for since 1.31. */
export async function endJob(kubectl: HelmCluster['kubectl'], name: string, succeeded: boolean) {
  // Any moment before the writing does.
  const at = '2026-01-01T00:00:00Z';
  const condition = (type: string) => ({
    type,
    status: 'True',
    reason: succeeded ? 'CompletionsReached' : 'PodFailurePolicy',
    lastTransitionTime: at,
    lastProbeTime: at,
  });
  const types = succeeded ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed'];
  const status = {
    startTime: at,
    conditions: types.map(condition),
    ...(succeeded ? { completionTime: at, succeeded: 1 } : { failed: 1 }),
  };
  await kubectl.ok(
    'patch',
    'job',
    name,
    '-n',
    NAMESPACE,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  );
}
