import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG } from '../../simulator/scene/scene.ts';
import { record } from '../play/stage.ts';
import { scenarios } from '../scenarios/all.ts';
import { freezeOperator } from './bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Freezes what this release writes: `npm run freeze -- <release or date> [scenario…]`. */
const [release, ...only] = process.argv.slice(2);
if (release === undefined) throw new Error('usage: npm run freeze -- <release or date> [scenario…]');
const folder = join(import.meta.dirname, '..', release);
await cp(join(ROOT, 'crds'), join(folder, 'crds'), { recursive: true });
await freezeOperator(ROOT, CONFIG, folder);
for (const [index, scenario] of scenarios.entries()) {
  if (only.length > 0 && !only.includes(scenario.name)) continue;
  const frozen = await record(scenario, index + 1);
  await writeFile(join(folder, `${scenario.name}.json`), `${JSON.stringify(frozen, null, 1)}\n`);
  process.stdout.write(`${scenario.name}: ${scenario.about}\n`);
}
