import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { findHelm } from './helm.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'chart');

export const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});
export type Manifest = z.output<typeof manifest>;

/** The least that a release needs. */
export const LEAST = {
  image: { repository: 'registry.example/workspace-operator' },
  aws: { region: 'eu-central-1' },
  database: { existingSecret: 'database' },
  gateway: {
    url: 'https://gateway.example',
    tls: { existingSecret: 'gateway-tls' },
  },
};

export type Values = Record<string, unknown>;

/** Helm's answer to these arguments about the least and these values, which replace its parts. Rejects with what Helm says. */
async function ask(major: 3 | 4, values: Values, args: (file: string) => string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chart-'));
  try {
    const file = join(folder, 'values.yaml');
    // As Helm reads it: there `off` is no text.
    await writeFile(file, stringify({ ...LEAST, ...values }, { version: '1.1' }));
    // No cluster is asked, and no Helm of this machine is touched.
    const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, 'none') };
    const { stdout } = await promisify(execFile)(await findHelm(major), args(file), {
      maxBuffer: 2 ** 25,
      env,
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `helm template` makes of the least and of these values. */
export async function render(
  values: Values = {},
  {
    release = 'workspace-operator',
    namespace = 'workspace-system',
    apiVersions = [],
    major = 4,
    chart = CHART,
  }: { release?: string; namespace?: string; apiVersions?: string[]; major?: 3 | 4; chart?: string } = {},
): Promise<Manifest[]> {
  const versions = apiVersions.flatMap((version) => ['--api-versions', version]);
  const stdout = await ask(major, values, (file) => [
    ...['template', release, chart, '--namespace', namespace, '--values', file],
    ...versions,
  ]);
  return parseAllDocuments(stdout)
    .map((document): unknown => {
      // Such as a key that is there twice.
      if (document.errors.length > 0) throw new Error(`${document.errors[0]}`);
      return document.toJS();
    })
    .filter((document) => document !== null)
    .map((document) => manifest.parse(document));
}

/** What an install prints for people. */
export async function notes(values: Values = {}): Promise<string> {
  const namespace = ['--namespace', 'workspace-system'];
  const stdout = await ask(4, values, (file) => [
    ...['install', 'workspace-operator', CHART, ...namespace, '--values', file, '--dry-run=client'],
  ]);
  return stdout.slice(stdout.indexOf('\nNOTES:\n'));
}

export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((it) => it.kind === kind && it.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** Made for a moment by Helm, and no part of what is installed. */
export function isHook({ metadata }: Manifest): boolean {
  return metadata.annotations?.['helm.sh/hook'] !== undefined;
}
