import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../../dev/apiserver/server.ts';
import { buildPlugin } from '../../dev/plugin.ts';
import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createKubectl, type Kubectl } from '../kubectl/kubectl.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface OpenedPlugin {
  kubectl: Kubectl;
  /** Holds the plugin's file and the kubeconfig, `config`. */
  folder: string;
  close(): Promise<void>;
}

/** The plugin as `npm run plugin` builds it, and an API server with the example's class and Workspace. */
export async function openPlugin(binary: string): Promise<OpenedPlugin> {
  const folder = await mkdtemp(join(tmpdir(), 'plugin-'));
  await buildPlugin(join(folder, 'kubectl-workspace'));
  const logger = { error: () => undefined };
  const server = await startApiServer({ clock: systemClock, random: systemRandom, logger });
  const kubectl = await createKubectl(binary, server.kubeconfig);
  await writeFile(join(folder, 'config'), server.kubeconfig);
  await kubectl.ok('apply', '--server-side', '-f', join(ROOT, 'crds'));
  await kubectl.ok('wait', '--for=condition=Established', 'crd', '--all');
  const examples = join(ROOT, 'deploy', 'examples');
  await kubectl.ok('create', '-f', join(examples, 'class.yaml'), '-f', join(examples, 'workspace.yaml'));
  return {
    kubectl,
    folder,
    async close() {
      await kubectl.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
