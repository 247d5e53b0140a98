import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RIGHTS } from '../../src/plugin/doctor/rightsOfCaller.ts';

test('the page has the rights that each subcommand needs, as doctor asks for them', async () => {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'plugin.md'), 'utf8');
  const words = (text: string) => [...text.matchAll(/`([^` ]+)[^`]*`/g)].map(([, word = '']) => word);
  const rows = page.split('\n').flatMap((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    const [commands = '', second = '', third = '', fourth = ''] = cells;
    // The first table says what a subcommand does before its verbs; the later one where after them.
    const [verbs, resources] = /^`[a-z]+`(, `[a-z]+`)*$/.test(second) ? [second, third] : [third, fourth];
    if (!/^`(get|list|create|patch|delete)`/.test(verbs)) return [];
    return words(commands).flatMap((command) =>
      words(verbs).flatMap((verb) => words(resources).map((resource) => `${command}: ${verb} ${resource}`)),
    );
  });
  const asked = RIGHTS.flatMap(({ by, verb, resource }) =>
    by.map((command) => `${command}: ${verb} ${resource}`),
  );
  expect(new Set(rows)).toEqual(new Set(asked));
});
