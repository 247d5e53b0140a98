import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { CHART, type Values } from '../chart.ts';
import type { Bed } from './bed/bed.ts';

export const RELEASE = 'workspace-operator';

/** One Helm, with a kubeconfig and a home of its own, for one release. */
export interface Helm {
  /** Answers with what it says; rejects with that too. */
  run(command: string, ...args: string[]): Promise<string>;
  /** `install` or `upgrade` of a chart with these values, and waits until all is ready. */
  apply(
    command: 'install' | 'upgrade',
    values: Values,
    options?: { chart?: string; args?: string[] },
  ): Promise<string>;
  close(): Promise<void>;
}

export async function createHelm(bed: Bed, version: 3 | 4, namespace: string): Promise<Helm> {
  const home = await mkdtemp(join(tmpdir(), 'helm-'));
  const kubeconfig = join(home, 'kubeconfig');
  await writeFile(kubeconfig, bed.kubeconfig, { mode: 0o600 });
  const xdg = { XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const env = { ...process.env, ...xdg, HOME: home, KUBECONFIG: kubeconfig };

  async function run(command: string, ...args: string[]): Promise<string> {
    const all = [command, ...args, '--namespace', namespace];
    if (command === 'uninstall') await noteRelease(bed, 'uninstall');
    const began = systemClock.monotonic();
    try {
      const { stdout, stderr } = await promisify(execFile)(bed.helm[version], all, { env });
      if (command === 'install') await noteRelease(bed, 'install');
      const seconds = (systemClock.monotonic() - began) / 1_000;
      console.log(`helm ${version} ${command} took ${seconds.toFixed(1)} s`);
      return `${stdout}${stderr}`;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`helm ${all.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }

  return {
    run,
    async apply(command, values, { chart = CHART, args = [] } = {}) {
      const file = join(home, 'values.yaml');
      await writeFile(file, stringify(values));
      return run(command, RELEASE, chart, '--values', file, '--wait', '--timeout', '300s', ...args);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

const fileOf = (bed: Bed) => join(bed.logs, 'releases');

/** Keeps when an uninstall began, and when an install was over: in between, accounts lose and get their rights. */
export function noteRelease(bed: Bed, what: 'install' | 'uninstall'): Promise<void> {
  return appendFile(fileOf(bed), `${Date.now()} ${what}\n`);
}

/** Whether the release was installed whole at that time, ms since the epoch. */
export async function whenInstalled(bed: Bed): Promise<(at: number) => boolean> {
  const lines = (await readFile(fileOf(bed), 'utf8')).trim().split('\n');
  const notes = lines.map((line) => line.split(' ')).map(([at, what]) => ({ at: Number(at), what }));
  return (at) => notes.findLast((note) => note.at <= at)?.what === 'install';
}
