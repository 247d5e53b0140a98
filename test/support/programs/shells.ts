import { execFileSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** By the name under which each is found before all others. */
export type Programs = Readonly<Record<string, string>>;

type Shell = [name: string, programs: Programs];

const OWN = realpathSync(find('sh') ?? '/bin/sh');

/** This machine's sh, and what else an image may have in its place as far as it is here, with what comes with it. */
export const SHELLS: readonly Shell[] = [
  [OWN, {}],
  ...['dash', 'bash', 'busybox'].flatMap((name): Shell[] => {
    const program = find(name);
    if (program === undefined || realpathSync(program) === OWN) return [];
    return [[name, name === 'busybox' ? applets(program) : { sh: program }]];
  }),
];

function find(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Everything that it has, as in an image that has nothing else (but curl). */
export function applets(busybox: string): Programs {
  const names = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return Object.fromEntries(names.map((name) => [name, busybox]));
}
