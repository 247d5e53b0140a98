import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../src/gateway/errors.ts';

const root = new URL('../', import.meta.url);
const read = (path: string | URL) => readFile(new URL(path, root), 'utf8');

async function documents(): Promise<string[]> {
  const names = await readdir(new URL('docs/', root), { recursive: true });
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

async function decideSources(): Promise<string> {
  const folder = 'src/reconcilers/workspace/decide/';
  const names = (await readdir(new URL(folder, root))).filter((name) => /^[^.]+\.ts$/.test(name));
  return (await Promise.all(names.map((name) => read(`${folder}${name}`)))).join('\n');
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

  it('name npm scripts that are there', async () => {
    const { scripts } = JSON.parse(await read('package.json'));
    for (const path of await documents()) {
      for (const [, name = ''] of (await read(path)).matchAll(/npm run ([a-z:]+)/g)) {
        expect(scripts, path).toHaveProperty(name);
      }
    }
  });

  it('explain each reason that blocks a Workspace', async () => {
    const text = await read('docs/troubleshooting.md');
    const source = await decideSources();
    const blockers = /(?:\{\s*reason: |inLine\(\s*view,\s*)'(\w+)'/g;
    const reasons = [...source.matchAll(blockers)].map(([, reason]) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['RolloutQueued', 'SecretMissing', 'StatusLost']));
    for (const reason of new Set(reasons)) expect(text).toContain(`| \`${reason}\` |`);
  });

  it('explain each reason that Ready can have', async () => {
    const text = await read('docs/troubleshooting.md');
    const ready = await read('src/reconcilers/workspace/decide/ready.ts');
    const reasons = [...ready.matchAll(/reason: '(\w+)'/g)].map(([, reason]) => reason);
    expect(reasons).toContain('HeartbeatLost');
    for (const reason of new Set(reasons)) expect(text).toContain(`| \`${reason}\` |`);
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
