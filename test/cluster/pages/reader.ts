import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { openCluster } from '../../envtest/dispenser.ts';
import { findHelm } from '../../install/helm.ts';
import { createKubectl } from '../../kubectl/kubectl.ts';
import { pythonWith } from '../../python/environment.ts';
import { until } from '../../scenarios/scene/until.ts';
import { startAWSAnswers } from './awsAnswers.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

// No kubelet is here, so nothing becomes ready: --wait is left out, and `helm test` is what test/install runs on a node.
const HELM = `
[ "$1" = test ] && { echo "$*" >> "$NOTES/helm-test"; exit 0; }
args=()
for arg; do [ "$arg" = --wait ] || args+=("$arg"); done
exec "$REAL_HELM" "\${args[@]}"`;
// A watch has no end; and the answer "no" is an exit code of 1.
const KUBECTL = `
case " $* " in
  *' -w '*) timeout --signal INT 3 "$REAL_KUBECTL" "$@" || [ $? = 124 ] ;;
  *' can-i '*) "$REAL_KUBECTL" "$@" || [ $? = 1 ] ;;
  *) exec "$REAL_KUBECTL" "$@" ;;
esac`;
const DOCKER = `echo "$*" >> "$NOTES/docker"`;

/** A reader of the pages: a checkout, a shell with kubectl, Helm and the AWS CLI, and a cluster of its own. */
export async function createReader() {
  const access = inject('realCluster');
  if (!access) throw new Error('this needs a real cluster: npm run test:cluster');
  const aws = await startAWSAnswers();
  const cluster = await openCluster(access.dispenser);
  const kubectl = await createKubectl(access.kubectl, cluster.kubeconfig, ROOT);
  const folder = await mkdtemp(join(tmpdir(), 'pages-'));
  const notes = join(folder, 'notes');
  const bin = join(folder, 'bin');
  await mkdir(notes);
  await mkdir(bin);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  for (const name of ['deploy', 'crds']) await symlink(join(ROOT, name), join(folder, name));
  const cli = join(dirname(await pythonWith('awscli', (line) => console.error(line))), 'aws');
  const programs = { helm: HELM, kubectl: KUBECTL, docker: DOCKER, aws: `exec ${cli} "$@"` };
  for (const [name, text] of Object.entries(programs))
    await writeFile(join(bin, name), `#!/usr/bin/env bash\n${text}\n`, { mode: 0o755 });
  await until('there are its namespaces', async () =>
    /default[\s\S]*kube-system/.test((await kubectl.run(['get', 'ns'])).stdout),
  );
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: folder,
    KUBECONFIG: kubeconfig,
    NOTES: notes,
    REAL_HELM: await findHelm(4),
    REAL_KUBECTL: access.kubectl,
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_PROXY: '127.0.0.1',
  };

  return {
    aws,
    cluster,
    kubectl,
    folder,
    /** Pastes it into a shell that ends at the first failure. Answers with what is printed; rejects with that too. */
    async paste(commands: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
      const shell = ['--norc', '-euo', 'pipefail', '-c', commands];
      const options = { cwd: folder, env: { ...env, ...variables }, maxBuffer: 2 ** 25 };
      try {
        const { stdout, stderr } = await promisify(execFile)('bash', shell, options);
        return `${stdout}${stderr}`;
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        throw new Error(`${commands}\nfailed:\n${stdout}${stderr}`, { cause: error });
      }
    },
    write: (name: string, text: string) => writeFile(join(folder, name), text),
    /** Each time that a program was called that is not here, its arguments. */
    async calls(program: 'docker' | 'helm-test'): Promise<string[]> {
      const file = join(notes, program);
      await appendFile(file, '');
      return (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    },
    async close() {
      await kubectl.close();
      await cluster.stop();
      await aws.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Reader = Awaited<ReturnType<typeof createReader>>;
