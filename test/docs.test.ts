import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { CAUSE_KINDS, traitsOf } from '../src/api/reasons/causes.ts';
import { CLASS_ASPECT_TYPES, classReasons } from '../src/api/reasons/classReasons.ts';
import { ASPECT_TYPES, aspectReasons } from '../src/api/reasons/conditionReasons.ts';
import { OPERATOR_EVENTS, WORKSPACE_EVENTS } from '../src/api/reasons/eventReasons.ts';
import { READY_REASONS, UP_TO_DATE_REASONS } from '../src/api/reasons/reasons.ts';
import { ERRORS } from '../src/gateway/base/errors.ts';

const root = new URL('../', import.meta.url);
const read = (path: string | URL) => readFile(new URL(path, root), 'utf8');

async function documents(): Promise<string[]> {
  const names = await readdir(new URL('docs/', root), { recursive: true });
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

describe('the documents', () => {
  it('link to files that are there', async () => {
    const broken: string[] = [];
    for (const path of await documents()) {
      const text = (await read(path)).replaceAll(/`[^`]*`/g, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue;
        if (!existsSync(new URL(target, new URL(path, root)))) broken.push(`${path}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('name our kinds as kubectl knows them', async () => {
    for (const path of await documents()) {
      const named = [...(await read(path)).matchAll(/kubectl [a-z]+ (wks\w*)/g)].map(([, name]) => name);
      expect(['wks', 'wksc'], path).toEqual(expect.arrayContaining(named));
    }
  });

  it('name npm scripts that are there', async () => {
    const { scripts } = JSON.parse(await read('package.json'));
    for (const path of await documents()) {
      for (const [, name = ''] of (await read(path)).matchAll(/npm run ([a-z:]+)/g)) {
        expect(scripts, path).toHaveProperty(name);
      }
    }
  });

  it('have a sentence for each cause and each reason, and no row of a table breaks', async () => {
    const texts = [
      ...CAUSE_KINDS.map((kind) => traitsOf(kind).when),
      ...[READY_REASONS, UP_TO_DATE_REASONS, ...CLASS_ASPECT_TYPES.map(classReasons)].flatMap((reasons) =>
        Object.values(reasons).flatMap(({ means, todo }) => [means, todo]),
      ),
      ...ASPECT_TYPES.flatMap((type) => Object.values(aspectReasons(type)).map(({ means }) => means)),
      ...[WORKSPACE_EVENTS, OPERATOR_EVENTS].flatMap((events) =>
        Object.values(events).map(({ when }) => when),
      ),
    ];
    expect(texts.filter((text) => !/^[A-Z`][^\n]{3,}\.$/.test(text))).toEqual([]);
  });

  it('name sections that are there', async () => {
    const text = await read('docs/troubleshooting.md');
    const named = [...text.matchAll(/[Ss]ee "([^"]+)" below/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !text.includes(`\n## ${name}\n`))).toEqual([]);
  });

  it('explain each refusal that an agent may come by in the boot', async () => {
    const text = await read('docs/troubleshooting.md');
    const own = Object.entries(ERRORS).filter(([, [status]]) => [403, 410, 503].includes(status));
    for (const [code] of own) expect(text).toContain(`\`${code}\``);
  });

  it('say nothing of a machine: no absolute path but those of Linux itself', async () => {
    for (const path of await documents()) {
      expect(await read(path), path).not.toMatch(/(?<![\w.~])\/(home|root|Users|work|tmp)\//);
    }
  });
});
