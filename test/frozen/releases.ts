import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frozen } from './frozen.ts';

/** Every state of every release that was frozen. */
export const states = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'scenarios')
  .flatMap(({ name: release }) =>
    readdirSync(join(import.meta.dirname, release))
      .filter((file) => file.endsWith('.json'))
      .map((file) => ({ release, name: file.replace(/[.]json$/, '') })),
  );

export function readFrozen({ release, name }: { release: string; name: string }): Frozen {
  return JSON.parse(readFileSync(join(import.meta.dirname, release, `${name}.json`), 'utf8')) as Frozen;
}
