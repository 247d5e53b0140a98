import { afterEach, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { API_VERSION } from '../../api/base/meta.ts';
import { API, type Fleet, followFleet } from './fleet.ts';
import type { Update } from './models/shapes.ts';

let fleet: Fleet | undefined;
afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
});

const workspace = (name: string, version: string, className = 'standard') => ({
  metadata: { name, namespace: 'team', uid: name, resourceVersion: version },
  spec: { className },
});

/** An API server whose lists and watches the test writes. */
function scene(namespace = 'team', refuse: readonly string[] = []) {
  const clock = createVirtualClock();
  const asked: string[] = [];
  const lists: Record<string, object[]> = { workspaces: [], workspaceclasses: [], events: [] };
  const refused = new Set(refuse);
  const open = new Map<string, (line: object | undefined) => void>();
  const kindIn = (path: string) => (/\/(workspaces|workspaceclasses|events)\?/.exec(path) ?? [])[1] ?? '';
  fleet = followFleet({
    clock,
    namespace,
    flags: '',
    source: {
      async get(path) {
        asked.push(path);
        if (refused.has(kindIn(path))) throw new Error(`${kindIn(path)} is forbidden\u001b[2J`);
        return { metadata: { resourceVersion: '10' }, items: lists[kindIn(path)] };
      },
      async *watch(path, signal) {
        asked.push(path);
        const lines: (object | undefined)[] = [];
        let wake = () => {};
        open.set(kindIn(path), (line) => {
          lines.push(line);
          wake();
        });
        signal.addEventListener('abort', () => wake());
        while (!signal.aborted) {
          if (lines.length === 0)
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          const line = lines.shift();
          if (line === undefined) return;
          yield line;
        }
      },
    },
  });
  const updates: Update[] = [];
  fleet.onUpdate((update) => updates.push(update));
  const send = async (kind: string, line: object | undefined, ms = 200) => {
    open.get(kind)?.(line);
    await clock.advance(ms);
  };
  return { clock, asked, lists, refused, updates, send, whole: () => (fleet as Fleet).whole() };
}

const names = (update: Update) => update.rows.map(({ name }) => name);

describe('the fleet that the page shows', () => {
  test('a fleet that was not read yet is not shown as one of none', async () => {
    const { clock, whole } = scene();
    expect(whole().troubles).toEqual(['Workspaces: not read yet', 'Classes: not read yet']);
    await clock.advance(200);
    expect(whole().troubles).toEqual([]);
  });

  test('a watch that has lost its other end is not shown as live: that is said, and all is read again', async () => {
    const { clock, lists, updates, whole } = scene();
    await clock.advance(200);
    lists.workspaces = [workspace('ada', '11')];
    await clock.advance(310_000);
    expect(updates.flatMap(({ troubles }) => troubles).join()).toContain('silent for minutes');
    expect(names(whole())).toEqual(['ada']);
    expect(whole().troubles).toEqual([]);
  });

  test('asks for the version of the kinds that there is', () => {
    expect(API).toBe(`/apis/${API_VERSION}`);
  });

  test('is a list, then what the watch says, gathered', async () => {
    const { clock, lists, updates, send, whole } = scene();
    lists.workspaces?.push(workspace('ada', '1'), workspace('bob', '2'));
    await clock.advance(200);
    expect(names(whole())).toEqual(['ada', 'bob']);
    await send('workspaces', { type: 'ADDED', object: workspace('eve', '11') }, 0);
    await send('workspaces', { type: 'MODIFIED', object: workspace('ada', '12', 'large') }, 0);
    await send('workspaces', { type: 'DELETED', object: workspace('bob', '13') });
    expect(updates.at(-1)).toMatchObject({ isWhole: false, gone: ['team/bob'] });
    expect(updates.at(-1)?.rows.map(({ name, className }) => [name, className])).toEqual([
      ['eve', 'standard'],
      ['ada', 'large'],
    ]);
    expect(names(whole())).toEqual(['ada', 'eve']);
  });

  test('goes on from a bookmark where a watch ends, and lists again where the version is too old', async () => {
    const { asked, clock, lists, send, whole } = scene();
    lists.workspaces?.push(workspace('ada', '1'));
    await clock.advance(200);
    await send('workspaces', { type: 'BOOKMARK', object: { metadata: { resourceVersion: '40' } } });
    await send('workspaces', undefined, 2_000);
    expect(asked.at(-1)).toContain('resourceVersion=40');
    lists.workspaces?.splice(0, 1, workspace('eve', '50'));
    await send('workspaces', { type: 'ERROR', object: { code: 410, message: 'too old' } }, 2_000);
    expect(names(whole())).toEqual(['eve']);
  });

  test('shows what it may, and says what it may not, as plain text; it asks less and less often', async () => {
    const { asked, clock, lists, refused, whole } = scene('team', ['workspaceclasses']);
    lists.workspaces?.push(workspace('ada', '1'));
    await clock.advance(3_600_000);
    expect(names(whole())).toEqual(['ada']);
    expect(whole().troubles).toEqual(['Classes: workspaceclasses is forbidden [2J']);
    expect(asked.filter((path) => path.includes('workspaceclasses')).length).toBeLessThan(130);
    refused.clear();
    await clock.advance(60_000);
    expect(whole().troubles).toEqual([]);
  });

  test('keeps to its namespace, and asks for events of the Workspace alone', async () => {
    const { asked, clock, lists } = scene();
    lists.workspaces?.push(workspace('ada', '1'));
    await clock.advance(200);
    expect(await fleet?.detail('team/none')).toBeUndefined();
    const detail = await fleet?.detail('team/ada');
    expect(detail?.row.name).toBe('ada');
    expect(decodeURIComponent(asked.at(-1) ?? '')).toBe(
      '/api/v1/namespaces/team/events?fieldSelector=involvedObject.kind=Workspace,involvedObject.name=ada,involvedObject.uid=ada&limit=200',
    );
    expect(asked.filter((path) => path.includes('/workspaces'))).toEqual(
      asked.filter((path) => path.startsWith(`${API}/namespaces/team/workspaces?`)),
    );
  });

  test('of all namespaces is one list and one watch', async () => {
    const { asked, clock } = scene('');
    await clock.advance(1_000);
    expect(asked.filter((path) => path.includes('/workspaces?'))).toHaveLength(2);
    expect(asked.every((path) => !path.includes('namespaces/'))).toBe(true);
  });
});
