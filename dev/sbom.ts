import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { productionDependencies } from './generate/licences.ts';

const bom = z.looseObject({
  metadata: z.looseObject({ component: z.looseObject({ 'bom-ref': z.string() }) }),
  components: z.array(z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string() })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
});

// CycloneDX of what production needs, to standard output. npm's own `--omit dev` leaves out as well what a development
// dependency happens to need too (npm 11: zod and 34 others here), so all of it is asked for and cut here.
const root = new URL('../', import.meta.url);
const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
const all = bom.parse(
  JSON.parse(execFileSync('npm', args, { cwd: root, maxBuffer: 2 ** 26, encoding: 'utf8' })),
);
const production = new Set(productionDependencies().map(({ name, version }) => `${name}@${version}`));
const refs = new Set(
  all.components
    .filter(({ name, version }) => production.has(`${name}@${version}`))
    .map((component) => component['bom-ref']),
);
const { component } = all.metadata;
const kept = {
  ...all,
  // npm takes the folder's name.
  metadata: { ...all.metadata, component: { ...component, name: component['bom-ref'].replace(/@.*/, '') } },
  components: all.components.filter((component) => refs.has(component['bom-ref'])),
  dependencies: all.dependencies
    .filter(({ ref }) => refs.has(ref) || ref === all.metadata.component['bom-ref'])
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
};
process.stdout.write(`${JSON.stringify(kept, null, 2)}\n`);
