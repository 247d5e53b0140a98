import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
/** What a person takes in at a glance. Tests stand beside what they test, and don't count. */
const MOST_FILES = 12;
/** Folders that are still larger, with how many files they have at most. Lower a figure when a folder shrinks; add none. */
const CROWDED: Readonly<Record<string, number>> = {
  'test/bench': 13,
  'test/frozen': 13,
  'test/scenarios': 17,
};
/** Products whose folders form layers: an import leads down or to the side, never back up. */
const LAYERED = ['dev/apiserver', 'dev/ec2', 'src', 'test/model', 'test/simulator', 'test/support'];

const isCode = (path: string) => path.endsWith('.ts') && !path.endsWith('.test.ts');

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

  it(`hold at most ${MOST_FILES} files each, and the larger ones don't grow`, async () => {
    const counts = new Map<string, number>();
    for (const top of ['src', 'dev', 'test']) {
      for (const path of await codeBelow(top))
        counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    }
    const grown = [...counts].filter(([folder, count]) => count > (CROWDED[folder] ?? MOST_FILES));
    expect(grown).toEqual([]);
    expect(Object.keys(CROWDED).filter((folder) => (counts.get(folder) ?? 0) <= MOST_FILES)).toEqual([]);
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
