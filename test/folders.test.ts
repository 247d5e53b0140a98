import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
/** What a person takes in at a glance. */
const MOST_FILES = 12;
/** The folders that hold code, each with all below it. */
const TOPS = ['.ci', 'deploy', 'dev', 'src', 'test'];
/** Products whose folders form layers: an import leads down or to the side, never back up. */
const LAYERED = ['dev/apiserver', 'dev/ec2', 'src', 'test/model', 'test/simulator', 'test/support'];

const isCode = (path: string) => path.endsWith('.ts') && !path.endsWith('.test.ts');
/** In `src` and `dev`, tests stand beside what they test and don't count. In `test` they are what the folder holds. */
const counts = (path: string) =>
  /[.](ts|[cm]?js|sh|py|go|lua|tpl)$/.test(path) && (path.startsWith('test/') || !path.endsWith('.test.ts'));

async function codeBelow(top: string): Promise<string[]> {
  const names = await readdir(join(ROOT, top), { recursive: true });
  return names.map((name) => join(top, name)).filter(isCode);
}

/** Folders by the folders that their code imports, below one top. */
async function foldersOf(top: string): Promise<Map<string, Set<string>>> {
  const graph = new Map<string, Set<string>>();
  for (const path of await codeBelow(top)) {
    const from = dirname(path);
    const targets = graph.get(from) ?? new Set();
    graph.set(from, targets);
    for (const [, name = ''] of (await readFile(join(ROOT, path), 'utf8')).matchAll(/ from '(\.[^']+)'/g)) {
      const target = dirname(normalize(join(from, name)));
      if (target !== from && !relative(top, target).startsWith('..')) targets.add(target);
    }
  }
  return graph;
}

/** The first way found that leads from a folder back to itself. */
function roundTrip(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const follow = (folder: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(folder)) return [...way.slice(way.indexOf(folder)), folder];
    if (done.has(folder)) return undefined;
    for (const next of graph.get(folder) ?? []) {
      const found = follow(next, [...way, folder]);
      if (found) return found;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of graph.keys()) {
    const found = follow(folder, []);
    if (found) return found;
  }
  return undefined;
}

describe('the folders', () => {
  it.each(LAYERED)('of %s form layers: no import leads back up', async (top) => {
    const graph = await foldersOf(top);
    expect(graph.size).toBeGreaterThan(0);
    expect(roundTrip(graph)).toBeUndefined();
  });

  it(`hold at most ${MOST_FILES} files of code each`, async () => {
    const files = new Map<string, number>();
    const add = (path: string) => {
      if (counts(path)) files.set(dirname(path), (files.get(dirname(path)) ?? 0) + 1);
    };
    for (const name of await readdir(ROOT)) add(name);
    for (const top of TOPS) {
      for (const name of await readdir(join(ROOT, top), { recursive: true })) add(join(top, name));
    }
    expect([...files.keys()]).toEqual(expect.arrayContaining(['.', 'src/api/kinds', 'test/virtual/driver']));
    expect([...files].filter(([, count]) => count > MOST_FILES)).toEqual([]);
  });

  it('of src, dev and test stand on the map in CONTRIBUTING.md, which names no others', async () => {
    const text = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const map = text.slice(text.indexOf('## Where things are'), text.indexOf('## Recipes'));
    const named = new Set([...map.matchAll(/`([a-z0-9A-Z/]+)`/g)].map(([, name = '']) => name));
    for (const top of ['src', 'dev', 'test']) {
      const entries = await readdir(join(ROOT, top), { withFileTypes: true });
      const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      const known = (name: string) =>
        named.has(name) || [...named].some((path) => `${path}/`.startsWith(`${top}/${name}/`));
      expect(folders.filter((name) => !known(name))).toEqual([]);
    }
    const paths = [...named].filter((name) => /^(src|dev|test)\//.test(name));
    const missing = await Promise.all(
      paths.map((path) =>
        readdir(join(ROOT, path)).then(
          () => [],
          () => [path],
        ),
      ),
    );
    expect(missing.flat()).toEqual([]);
  });

  it('are seen to lead in a circle where they do', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    expect(roundTrip(graph)).toEqual(['b', 'c', 'b']);
  });
});
