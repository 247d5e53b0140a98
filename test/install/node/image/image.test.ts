import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { describeOnNode, theBed } from '../bed/bed.ts';
import { readLayout } from './layout.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const MOST_BYTES = 90_000_000;
/**
 * What node:24-slim takes in a registry: Node 24.19.0 on Debian bookworm, amd64 (arm64: 80,311,474), by docker-library/repo-info,
 * repos/node/remote/24-slim.md at 2534b85.
 */
const PUBLIC_BASE_BYTES = 80_451_137;
const lock = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), optional: z.boolean().optional() })),
});

describeOnNode('the image', () => {
  let image: Awaited<ReturnType<typeof readLayout>>;
  beforeAll(async () => {
    image = await readLayout(theBed().image.layout);
  });
  const inApp = () => image.files.map(({ path }) => path).filter((path) => path.startsWith('app/'));

  test('holds the production dependencies of the lock file, and no others', async () => {
    const { packages } = lock.parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')));
    const wanted = Object.entries(packages)
      .filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
      .map(([path]) => path);
    const isRoot = /^app\/((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/@.]+[^/]*)\/package\.json$/;
    const found = inApp().flatMap((path) => isRoot.exec(path)?.[1] ?? []);
    const optional = new Set(Object.keys(packages).filter((path) => packages[path]?.optional));
    expect(found.filter((path) => !optional.has(path)).sort()).toEqual(wanted.sort());
    expect(wanted.length).toBeGreaterThan(100);
  });

  test('holds beside them the source as it is, without tests, types and maps', () => {
    const kinds = new Set(inApp().map((path) => path.split('/')[1]));
    expect([...kinds].sort()).toEqual(['node_modules', 'package.json', 'src']);
    expect(inApp()).toContain('app/src/main.ts');
    expect(inApp().filter((path) => /\.test\.ts$|\.d\.[cm]?ts$|\.map$|\/dist-es\//.test(path))).toEqual([]);
  });

  test('holds no native code of its own, so that what is built on one architecture runs on any', () => {
    const isNative = /\.(node|bare|so|dylib|dll|exe|a|o)(\.[\d.]+)?$/i;
    expect(inApp().filter((path) => isNative.test(path))).toEqual([]);
  });

  test('keeps the license of each package that has one', () => {
    const licenses = inApp().filter((path) => /\/(licen[cs]e|copying)[^/]*$/i.test(path));
    expect(licenses.length).toBeGreaterThan(100);
  });

  test('runs as 65532, who may write nothing in it, and nothing there changes who one is', () => {
    expect(image.config.User).toBe('65532:65532');
    expect(image.config.Env).toContain('NODE_ENV=production');
    expect(image.files.filter(({ owner }) => owner.includes('65532'))).toEqual([]);
    const writable = ({ mode, path }: { mode: string; path: string }) =>
      mode[8] === 'w' && !mode.startsWith('l') && !/^(tmp|var\/(tmp|lock)|run(\/lock)?)$/.test(path);
    expect(image.files.filter(writable)).toEqual([]);
    expect(image.files.filter(({ mode }) => /s/i.test(mode.slice(1, 7)) && !mode.startsWith('d'))).toEqual(
      [],
    );
  });

  test(`takes at most ${MOST_BYTES / 1e6} MB in a registry, on the public base too`, () => {
    const { compressed, added } = image;
    const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(`in a registry ${mega(compressed)}, of which the base ${mega(compressed - added)}`);
    expect(compressed).toBeLessThan(MOST_BYTES);
    expect(added).toBeGreaterThan(1e6);
    expect(PUBLIC_BASE_BYTES + added).toBeLessThan(MOST_BYTES);
  });
});
