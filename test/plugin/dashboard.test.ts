import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Update } from '../../src/plugin/dashboard/models/shapes.ts';
import { type Kubectl, usable } from '../kubectl/kubectl.ts';
import { type OpenedPlugin, openPlugin } from './openedPlugin.ts';

const [newest] = (await usable(['kubectl'])).slice(-1);

describe.skipIf(!newest)('kubectl workspace dashboard', () => {
  let plugin: OpenedPlugin;
  let kubectl: Kubectl;
  let folder: string;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    plugin = await openPlugin(newest?.binary ?? '');
    ({ kubectl, folder } = plugin);
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await plugin?.close();
  });

  /** Who has exactly the rights that docs/plugin.md lists, without what is left out. */
  async function userWith(name: string, resources: Record<string, string[]>): Promise<void> {
    const rules = Object.entries(resources).map(([resource, verbs]) => ({
      apiGroups: [resource === 'events' ? '' : 'compute.molecule.ai'],
      resources: [resource],
      verbs,
    }));
    const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
    const apiGroup = 'rbac.authorization.k8s.io';
    const items = [
      { ...rbac, kind: 'ClusterRole', rules },
      {
        ...rbac,
        kind: 'ClusterRoleBinding',
        roleRef: { apiGroup, kind: 'ClusterRole', name },
        subjects: [{ apiGroup, kind: 'User', name }],
      },
    ];
    const file = join(folder, 'role.json');
    await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await kubectl.ok('apply', '-f', file);
  }

  async function start(...args: string[]) {
    const path = `${folder}${delimiter}${dirname(newest?.binary ?? '')}${delimiter}${process.env.PATH}`;
    const started = spawn(join(folder, 'kubectl-workspace'), ['dashboard', ...args], {
      env: { ...process.env, PATH: path, KUBECONFIG: join(folder, 'config') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const ended = new Promise<number | null>((resolve) => started.once('close', (code) => resolve(code)));
    const url = await new Promise<string>((resolve, reject) => {
      started.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
      void ended.then((code) => reject(new Error(`it ended with ${code}`)));
    });
    const stop = new AbortController();
    const answer = await fetch(`${url}live`, { signal: stop.signal });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return {
      url,
      async until(holds: (update: Update) => boolean): Promise<Update> {
        for (;;) {
          const lines = text.split('\n\n');
          text = lines.pop() ?? '';
          for (const line of lines) {
            const update = line.startsWith('data: ') ? (JSON.parse(line.slice(6)) as Update) : undefined;
            if (update && holds(update)) return update;
          }
          text += (await reader?.read())?.value ?? '';
        }
      },
      async end(): Promise<number | null> {
        stop.abort();
        started.kill('SIGINT');
        return ended;
      },
    };
  }

  test('follows the cluster by the user’s own kubectl, with exactly the rights of its page, and ends at Ctrl-C', async () => {
    await userWith('looker', {
      workspaces: ['list', 'watch'],
      workspaceclasses: ['list', 'watch'],
      events: ['list'],
    });
    const page = await start('--as=looker');
    await page.until(({ rows, classes }) => rows.length + classes.length > 0);
    const index = await (await fetch(page.url)).text();
    expect(index).toContain('<script type="module" src="main.ts">');
    const script = await fetch(`${page.url}main.ts`);
    expect(script.headers.get('content-type')).toContain('text/javascript');
    expect(await script.text()).not.toContain('as Update');
    await kubectl.ok('patch', 'wks', 'ada', '--type=merge', '--patch={"spec":{"paused":true}}');
    const { waits } = await page.until((update) => update.waits.some(({ on }) => on.includes('paused')));
    expect(waits[0]?.key).toBe('default/ada');
    const detail = await (await fetch(`${page.url}workspace?key=default%2Fada`)).json();
    expect(detail).toMatchObject({ eventsMissing: '', row: { name: 'ada' } });
    await kubectl.ok('delete', 'wks', 'ada', '--wait=false');
    await page.until(({ gone }) => gone.includes('default/ada'));
    expect(await page.end()).toBe(130);
  });

  test('says what it may not read', async () => {
    const page = await start('--as=nobody', '-n', 'default');
    const { troubles } = await page.until(
      (update) => update.troubles.filter((trouble) => /forbidden/i.test(trouble)).length === 2,
    );
    expect(troubles.join('\n')).toMatch(/Workspaces: .*[Ff]orbidden/);
    expect(await page.end()).toBe(130);
  });
});
