import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlane, controlPlane } from '../../envtest/binaries.ts';
import { findHelm } from '../helm.ts';
import { cgroupOf } from './bed/cgroups.ts';
import { type OlderRelease, olderRelease } from './image/older.ts';
import { type OperatorImage, operatorImage } from './image/operator.ts';
import { pauseImage } from './image/pause.ts';
import { type NodePrograms, nodePrograms } from './programs.ts';

/** What a bed consists of before it runs, made where registries can be reached. */
export interface Prepared {
  folder: string;
  cgroup: string;
  binaries: ControlPlane;
  programs: NodePrograms;
  helm: Readonly<Record<3 | 4, string>>;
  image: OperatorImage;
  archives: readonly string[];
  /** Where an upgrade from one is to be shown. */
  older?: OlderRelease;
}

const VARIABLE = 'WORKSPACE_NODE_BED';

/** @param since a commit whose release is to be there too */
export async function prepare(log: (line: string) => void, since?: string): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'workspace-node-'));
  const binaries = await controlPlane(log);
  const programs = await nodePrograms(log);
  const pause = join(folder, 'pause.tar');
  await pauseImage(programs.pause, pause);
  log('building deploy/Dockerfile');
  const image = await operatorImage(log);
  const older = since === undefined ? undefined : await olderRelease(since, folder, log);
  return {
    folder,
    cgroup: cgroupOf(process.pid),
    binaries,
    programs,
    helm: { 3: await findHelm(3), 4: await findHelm(4) },
    image,
    archives: [pause, image.archive, ...(older ? [older.archive] : [])],
    older,
  };
}

/** As the environment of a process that is to find it. */
export function environmentOf(prepared: Prepared | string): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(prepared) };
}

/** What the environment says: a bed, or why there is none. */
export function preparedIn(env: NodeJS.ProcessEnv): Prepared | string {
  const text = env[VARIABLE];
  if (text === undefined) return 'npm run test:install prepares one';
  return JSON.parse(text) as Prepared | string;
}
