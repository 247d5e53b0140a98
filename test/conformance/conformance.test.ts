import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { CHECKS } from './conformance.ts';

test('docs/agents lists each rule, with its sentence', async () => {
  const page = await readFile(new URL('../../docs/agents/README.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (.+) \|$/gm)].map(([, id, rule]) => ({ id, rule }));
  expect(rows).toEqual(CHECKS.map(({ id, rule }) => ({ id, rule })));
});
