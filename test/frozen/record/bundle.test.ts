import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PRESENT } from '../operator.ts';
import { freezeOperator } from './bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

// A release is frozen rarely, so a person who moves a file would not notice.
test('this release can be frozen: its module has all that a world runs of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frozen-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await freezeOperator(ROOT, PRESENT.config, folder);
    const code = (await import(join(folder, 'operator.mjs'))) as Record<string, unknown>;
    expect(Object.keys(code).sort()).toEqual(Object.keys(PRESENT).sort());
    expect(code.config).toEqual(PRESENT.config);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
