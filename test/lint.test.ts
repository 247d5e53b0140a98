import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../src/config/settings.ts';

const root = new URL('../', import.meta.url);
const LONGEST_FILE = 300;

/** What takes time or chance from the process instead of from Clock and Random. */
const FORBIDDEN: readonly RegExp[] = [
  /\bDate\.now\(/,
  /\bnew Date\(\s*\)/,
  /(?<!new )\bDate\(\s*\)/,
  /\bperformance\.now\(/,
  /\bprocess\.hrtime\b/,
  /(?<![.\w])set(Timeout|Interval|Immediate)\(/,
  /\bglobalThis\.set\w+\(/,
  /\bAbortSignal\.timeout\(/,
  /['"](node:)?timers(\/promises)?['"]/,
  /\bMath\.random\(/,
  /\brandom(UUID|Bytes|Int|FillSync)\(/,
  /\bgetRandomValues\(/,
];
/** The files that give them out; the page of the dashboard has a browser's clock. */
const SOURCES = new Set([
  'src/controller/lib/clock.ts',
  'src/controller/lib/random.ts',
  'src/plugin/dashboard/page/clock.ts',
]);

async function typescriptFiles(...folders: string[]): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(new URL(`${folder}/`, root), { recursive: true });
      return names.map((name) => `${folder}/${name}`);
    }),
  );
  return found
    .flat()
    .filter((path) => path.endsWith('.ts'))
    .sort();
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(new URL(path, root), 'utf8')).split('\n');
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/?\*)/.test(line);
}

/** `path:line: text` of each line of code that matches one of the patterns. */
async function offences(paths: readonly string[], patterns: readonly RegExp[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    for (const [index, line] of (await linesOf(path)).entries()) {
      if (!isComment(line) && patterns.some((pattern) => pattern.test(line))) {
        found.push(`${path}:${index + 1}: ${line.trim()}`);
      }
    }
  }
  return found;
}

/** The title of a test: it stands alone in the report of a failure. */
const TITLE = /^\s*(?:it|test|story|law|describe)(?:\.\w+)*\((['"`])(.*)/;
/** Words of comments and titles that say less than the plain ones beside them. */
const WORDS: readonly [RegExp, string][] = [
  [/\banew\b/, 'again'],
  [/\bmend(s|ed|ing)?\b/, 'fix'],
  [/\bby (itself|themselves)\b/, 'automatically'],
  [/\banother than\b/, 'differs from'],
  [/\b[Ww](hoever|homever|hatever|hichever)\b/, 'who acts'],
  [/\blest\b/, 'so that … not'],
  [/\b(is|are|was|were) told\b(?! (apart|from))/, 'reads, receives, is reported'],
];

describe('the words', () => {
  it('of comments and test titles are plain, and a title continues no other', async () => {
    const found: string[] = [];
    for (const path of await typescriptFiles('src', 'dev', 'test')) {
      if (path === 'test/lint.test.ts') continue;
      for (const [index, line] of (await linesOf(path)).entries()) {
        const title = TITLE.exec(line)?.[2];
        const prose = title ?? /^\s*(?:\/\/|\/?\*\*?) (.*)/.exec(line)?.[1];
        if (prose === undefined) continue;
        for (const [pattern, plain] of WORDS)
          if (pattern.test(prose)) found.push(`${path}:${index + 1}: ${pattern.source}: say “${plain}”`);
        if (title !== undefined && /^(then|nor)\b/.test(title))
          found.push(`${path}:${index + 1}: “${title.slice(0, 40)}” continues another title`);
      }
    }
    expect(found).toEqual([]);
  });
});

describe('the source', () => {
  it('takes time from Clock and chance from Random, so that a test owns both', async () => {
    const paths = (await typescriptFiles('src')).filter(
      (path) => !path.endsWith('.test.ts') && !SOURCES.has(path),
    );
    expect(paths.length).toBeGreaterThan(50);
    expect(await offences(paths, FORBIDDEN)).toEqual([]);
  });

  it('finds time and chance where they are', async () => {
    for (const path of SOURCES) expect(await offences([path], FORBIDDEN), path).not.toEqual([]);
  });

  it(`has no file of more than ${LONGEST_FILE} lines: one idea a file`, async () => {
    const lengths = await Promise.all(
      (await typescriptFiles('src', 'dev', 'test')).map(
        async (path) => [path, (await linesOf(path)).length - 1] as const,
      ),
    );
    expect(lengths.filter(([, length]) => length > LONGEST_FILE)).toEqual([]);
  });

  it('has no default export, and no test that is skipped or runs alone', async () => {
    const paths = await typescriptFiles('src', 'dev', 'test');
    const patterns = [
      /^export default\b/,
      /\bas default\b/,
      /\b(it|test|describe)\.(skip|only|todo|fails)\b/,
    ];
    expect(await offences(paths, patterns)).toEqual([]);
  });

  it('imports by the file’s own name, so that Node runs it as it is', async () => {
    const paths = await typescriptFiles('src', 'dev', 'test');
    expect(await offences(paths, [/\bfrom '\.[^']*(?<!\.ts|\.json)'/])).toEqual([]);
  });

  it('reads every setting there is', async () => {
    const paths = (await typescriptFiles('src')).filter(
      (path) => !/\.test\.ts$|^src\/config\.ts$/.test(path),
    );
    const source = (await Promise.all(paths.map((path) => linesOf(path)))).flat().join('\n');
    const idle = SETTINGS.filter(({ key }) => !new RegExp(`\\b${key}\\b`).test(source));
    expect(idle.map(({ flag }) => flag)).toEqual([]);
  });

  it('reads a record by a name that others choose through own(): every object has a `constructor`', async () => {
    const paths = (await typescriptFiles('src')).filter((path) => !path.endsWith('.test.ts'));
    const source = (await Promise.all(paths.map((path) => linesOf(path)))).flat().join('\n');
    // What is declared as an open record somewhere, by the names of its fields and variables.
    const names = new Set(
      [...source.matchAll(/(\w+)\??: (?:Readonly<)?Record<string, (?!never)/g)].map(([, name]) => name),
    );
    expect([...names]).toEqual(expect.arrayContaining(['labels', 'tags', 'digests', 'contents', 'console']));
    // Names in the code (`TAG.uid`, a literal) are ours; assignments are judged by eye.
    const read = new RegExp(
      `\\b(${[...names].join('|')})(\\?\\.)?\\[(?!['"]|[A-Z_]+[.\\]])[^\\]]+\\](?! (\\?\\?)?= )`,
    );
    const ownNames = new Set(['src/config/commandLine.ts', 'src/config/settings.ts', 'src/api/base/own.ts']);
    expect(
      await offences(
        paths.filter((path) => !ownNames.has(path)),
        [read],
      ),
    ).toEqual([]);
    expect(await offences(['src/config/commandLine.ts'], [read])).not.toEqual([]);
  });

  it('writes through the logger alone', async () => {
    const paths = (await typescriptFiles('src')).filter((path) => !path.endsWith('.test.ts'));
    expect(await offences(paths, [/\bconsole\.\w+\(/])).toEqual([]);
  });
});
