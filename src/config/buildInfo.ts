import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';

export interface BuildInfo {
  /** Of package.json. */
  version: string;
  /** Git's, if the build of the image set WORKSPACE_BUILD_COMMIT. */
  commit: string;
  /** Node's version. */
  node: string;
}

const manifest = z.object({ version: z.string() });
const COMMIT = /^[0-9a-f]{7,64}$/;

export function readBuildInfo(env: Readonly<Record<string, string | undefined>> = process.env): BuildInfo {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8');
  const { version } = manifest.parse(JSON.parse(text));
  const commit = env.WORKSPACE_BUILD_COMMIT ?? '';
  return Object.freeze({
    version,
    // Never show another value, such as a path.
    commit: COMMIT.test(commit) ? commit : 'unknown',
    node: process.versions.node,
  });
}

export function sayBuildInfo({ version, commit, node }: BuildInfo): string {
  return `workspace-operator ${version} (commit ${commit}, Node ${node})`;
}

/** @param part what the process is: all, controller or gateway */
export function createBuildMetrics(registry: Registry, info: BuildInfo, part: string): void {
  const gauge = new Gauge({
    name: 'workspace_build_info',
    help: 'Always 1; its labels say which version and commit runs, on which Node, and as what: controller, gateway, or all in one process',
    labelNames: ['version', 'commit', 'node', 'part'] as const,
    registers: [registry],
  });
  gauge.set({ ...info, part }, 1);
}
