import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bed } from './bed.ts';

const fileOf = (bed: Bed) => join(bed.logs, 'releases');

/** Keeps when an uninstall began, and when an install was over: in between, accounts lose and get their rights. */
export function noteRelease(bed: Bed, what: 'install' | 'uninstall'): Promise<void> {
  return appendFile(fileOf(bed), `${Date.now()} ${what}\n`);
}

/** Tells whether the release was installed whole at that time, ms since the epoch. */
export async function whenInstalled(bed: Bed): Promise<(at: number) => boolean> {
  const lines = (await readFile(fileOf(bed), 'utf8')).trim().split('\n');
  const notes = lines.map((line) => line.split(' ')).map(([at, what]) => ({ at: Number(at), what }));
  return (at) => notes.findLast((note) => note.at <= at)?.what === 'install';
}
