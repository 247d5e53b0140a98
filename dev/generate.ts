import { writeFile } from 'node:fs/promises';
import { generatedFiles } from './generate/files.ts';

const root = new URL('../', import.meta.url);
for (const [path, content] of generatedFiles()) {
  await writeFile(new URL(path, root), content);
  process.stdout.write(`${path}\n`);
}
