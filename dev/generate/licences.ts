import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { GENERATED, table } from './docs/markdown.ts';

export interface Dependency {
  name: string;
  version: string;
  /** An SPDX expression. */
  license: string;
}

const lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
      // What another package carries inside has its own entry all the same.
      link: z.boolean().optional(),
    }),
  ),
});

/** What the image holds besides Node and the operator: every package of the lock file that production needs. */
export function productionDependencies(): readonly Dependency[] {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const found = new Map<string, Dependency>();
  for (const [path, { version = '', license = 'UNKNOWN', dev, devOptional }] of Object.entries(
    lock.parse(JSON.parse(text)).packages,
  )) {
    if (path === '' || dev || devOptional) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    found.set(`${name}@${version}`, { name, version, license });
  }
  return [...found.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

const INTRODUCTION = `# Licences

The operator is under the [Apache License 2.0](../LICENSE). Its image holds Node (MIT and others, see its own LICENSE), the base image's
packages, and these npm packages, each with its licence text in its folder:
`;

/** docs/licences.md */
export function licencesDocs(): string {
  const rows = productionDependencies().map(({ name, version, license }) => [name, version, license]);
  return [GENERATED, INTRODUCTION, table(['Package', 'Version', 'Licence'], rows)].join('\n');
}
