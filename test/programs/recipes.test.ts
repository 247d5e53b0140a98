import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { builtKubectl } from '../envtest/binaries.ts';
import { namedKubectls, usable } from '../kubectl/kubectl.ts';
import { createEmbeddedScene, type Scene } from '../scenarios/scene/scene.ts';
import { createWorkspace, putSecret, untilReady } from '../scenarios/scene/workspaces.ts';
import { needed } from '../support/programs/needed.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const PAGES = [
  ...(await pagesIn('use')),
  ...(await pagesIn('operate')),
  'agents/README.md',
  'troubleshooting.md',
];
/** Snippets of files that are not the operator's to apply: parts of manifests of other programs, and of an image's own files. */
const NOT_RUN = ['values.yaml', 'external.yaml', 'application.yaml', 'kustomization.yaml'];

async function pagesIn(folder: string): Promise<string[]> {
  return (await readdir(join(DOCS, folder))).sort().map((name) => `${folder}/${name}`);
}

interface Block {
  language: string;
  text: string;
  /** What its first line calls it. */
  file: string | undefined;
}

async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(join(DOCS, page), 'utf8');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
    language,
    text: body,
    file: /^# ([\w-]+\.yaml)\b/.exec(body)?.[1],
  }));
}

const kubectl = await needed(async () => {
  const built = await builtKubectl();
  const [newest] = await usable(['kubectl', ...namedKubectls(), ...(built ? [built] : [])]);
  if (newest === undefined)
    throw new Error(
      'kubectl 1.32 or later is missing: install it, name it in KUBECTL, or run npm run envtest',
    );
  return newest.binary;
});

test.each(PAGES)('docs/%s begins with an example that says what it is', async (page) => {
  const text = await readFile(join(DOCS, page), 'utf8');
  expect(text).toMatch(/^# .+\n\n(?:[^#`][^\n]*\n)*\n?```\w*\n(?:#|\/\/) .+/);
});

test.each(PAGES)('each YAML of docs/%s can be read', async (page) => {
  for (const { language, text } of await blocksOf(page))
    if (language === 'yaml')
      for (const document of parseAllDocuments(text)) expect(document.errors, text).toEqual([]);
});

describe.skipIf(kubectl === undefined)('the commands of a page do what it says, in order', () => {
  let scene: Scene;
  let folder: string;

  beforeAll(async () => {
    scene = await createEmbeddedScene();
    await scene.start();
    folder = await mkdtemp(join(tmpdir(), 'recipes-'));
    await writeFile(join(folder, 'kubeconfig'), scene.adminKubeconfig, { mode: 0o600 });
    await putSecret(scene, 'shared-env', { TOKEN: 'first' });
    const team = ['red', 'green', 'blue'];
    for (const name of team)
      await createWorkspace(scene, name, { envFrom: [{ secretRef: { name: 'shared-env' } }] });
    for (const name of team) await untilReady(scene, name, 1);
    await type('kubectl label wks --all team=blue');
  });
  afterAll(async () => {
    await scene?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function type(commands: string): Promise<string> {
    const { PATH = '' } = process.env;
    const env = {
      PATH: kubectl?.includes('/') ? `${dirname(kubectl)}${delimiter}${PATH}` : PATH,
      HOME: folder,
      KUBECONFIG: join(folder, 'kubeconfig'),
    };
    const { stdout } = await promisify(execFile)('sh', ['-ec', commands], { cwd: folder, env }).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) =>
        expect.fail(`${commands}\n${stdout}${stderr}`),
    );
    return stdout;
  }

  test.each(PAGES.filter((page) => page !== 'agents/README.md'))('docs/%s', async (page) => {
    const blocks = await blocksOf(page);
    const commands = blocks.filter(({ language }) => language === 'sh');
    for (const { file, text } of blocks) if (file !== undefined) await writeFile(join(folder, file), text);
    const typed = commands.map(({ text }) => text).join('\n');
    for (const { file } of blocks)
      if (file !== undefined && !NOT_RUN.includes(file)) expect(typed).toContain(` -f ${file}`);
    for (const { text } of commands) await type(text);
  });
});
