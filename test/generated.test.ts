import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { generatedFiles } from '../dev/generate/files.ts';

const root = new URL('../', import.meta.url);
const files = generatedFiles();

it.each([...files.keys()])('%s is what `npm run generate` writes', async (path) => {
  const found = await readFile(new URL(path, root), 'utf8');
  expect(found === files.get(path), `${path} is stale: run npm run generate, and commit it`).toBe(true);
});

it('crds/ holds nothing but what is generated', async () => {
  const found = await readdir(new URL('crds/', root));
  expect(found.map((name) => `crds/${name}`).sort()).toEqual(
    [...files.keys()].filter((path) => path.startsWith('crds/')).sort(),
  );
});
