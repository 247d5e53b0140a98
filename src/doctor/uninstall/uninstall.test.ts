import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { KubeClient, KubeObject, Resource } from '../../controller/client/client.ts';
import { ApiError } from '../../controller/client/errors.ts';
import { type Clock, systemClock } from '../../controller/lib/clock.ts';
import { judgeUninstall, type UninstallPolicy } from './uninstall.ts';

const pack = (record: unknown) =>
  Buffer.from(gzipSync(JSON.stringify(record)).toString('base64')).toString('base64');
const unpack = (data: string): unknown =>
  JSON.parse(gunzipSync(Buffer.from(Buffer.from(data, 'base64').toString(), 'base64')).toString());

/** A clock whose waits are over at once. */
const clock: Clock = { ...systemClock, setTimeout: (fn) => systemClock.setTimeout(fn, 0) };

interface World {
  workspaces?: readonly string[] | ApiError;
  /** How many lists are refused before rights are heeded. */
  refusals?: number;
  /** What Helm's Secret holds. */
  stored?: string;
}

async function judged(
  policy: UninstallPolicy,
  { workspaces = [], refusals = 0, stored }: World,
  release?: string,
) {
  let left = refusals;
  const patches: unknown[] = [];
  const lines: string[] = [];
  const kube = {
    async list({ plural }: Resource, options: { labelSelector?: string }) {
      if (plural === 'secrets') {
        expect(options.labelSelector).toBe(`owner=helm,name=${release},status=uninstalling`);
        const metadata = { name: 'sh.helm.release.v1.mine.v3', uid: 'u', resourceVersion: '7' };
        return {
          items: stored === undefined ? [] : [{ metadata, data: { release: stored } }],
          resourceVersion: '1',
        };
      }
      if (left-- > 0) throw answer(403);
      if (workspaces instanceof ApiError) throw workspaces;
      const items = workspaces.map((name) => ({ metadata: { namespace: 'team', name } }));
      return { items, resourceVersion: '1' };
    },
    async mergePatch(_resource: Resource, target: unknown, patch: unknown) {
      patches.push({ target, patch });
      return {} as KubeObject;
    },
  } as unknown as Pick<KubeClient, 'list' | 'mergePatch'>;
  const code = await judgeUninstall({
    kube,
    policy,
    namespace: 'workspace-system',
    release,
    clock,
    print: (line) => void lines.push(line),
  });
  return { code, text: lines.join('\n'), patches };
}

const answer = (status: number) => new ApiError('GET', '/apis/compute.molecule.ai', { status });
const many = Array.from({ length: 12 }, (_, index) => `w${String(index).padStart(2, '0')}`);

describe('an uninstall', () => {
  test('goes on where no Workspace exists, and where their definition is gone', async () => {
    for (const workspaces of [[], answer(404)])
      expect(await judged('Refuse', { workspaces }, 'mine')).toMatchObject({ code: 0, patches: [] });
  });

  test('is refused with the first ten names, how many more, and the ways on', async () => {
    const { code, text } = await judged('Refuse', { workspaces: many });
    expect(code).toBe(3);
    expect(text).toMatch(/12 Workspaces exist[\s\S]*team\/w00\n[\s\S]*team\/w09\n {2}and 2 more\n/);
    expect(text).not.toContain('w10');
    expect(text).toMatch(/kubectl delete workspaces[\s\S]*uninstall.policy=Keep/);
  });

  test('waits for rights that were granted a moment ago', async () => {
    expect((await judged('Refuse', { workspaces: ['ada'], refusals: 5 })).code).toBe(3);
  });

  test('with Keep goes on, and says what stays', async () => {
    const { code, text, patches } = await judged('Keep', { workspaces: ['ada'] }, 'mine');
    expect({ code, patches }).toEqual({ code: 0, patches: [] });
    expect(text).toMatch(/1 Workspace exists[\s\S]*team\/ada\n[\s\S]*workspace-operator-launch-keys/);
  });

  test.each(['Refuse', 'Keep'] as const)(
    'by %s is refused while Workspaces can not be listed',
    async (policy) => {
      const stored = pack({ info: { status: 'uninstalling' } });
      const { code, text, patches } = await judged(policy, { workspaces: answer(403), stored }, 'mine');
      expect(code).toBe(1);
      expect(text).toMatch(/Not known whether Workspaces exist \(GET .*403/);
      expect(patches).toHaveLength(1);
    },
  );
});

describe('Helm’s record of a release', () => {
  test('becomes deployed again, and keeps all else', async () => {
    const record = {
      name: 'mine',
      version: 3,
      chart: { metadata: { version: '0.1.0' } },
      config: { settings: { WORKSPACE_GATEWAY_RETENTION_MS: 1209600000 } },
      info: { status: 'uninstalling', deleted: '2026-01-01T00:00:00Z', notes: 'ä' },
    };
    const { text, patches } = await judged('Refuse', { workspaces: ['ada'], stored: pack(record) }, 'mine');
    expect(text).toContain('The release is deployed as before');
    expect(patches).toEqual([
      {
        target: { name: 'sh.helm.release.v1.mine.v3', namespace: 'workspace-system' },
        patch: {
          metadata: { resourceVersion: '7', labels: { status: 'deployed' } },
          data: { release: expect.any(String) },
        },
      },
    ]);
    const [{ patch }] = patches as [{ patch: { data: { release: string } } }];
    expect(unpack(patch.data.release)).toEqual({
      ...record,
      info: { status: 'deployed', notes: 'ä', description: 'Uninstall refused: 1 Workspace exists' },
    });
  });

  test('that can not be read, or is kept elsewhere, leaves the way by hand', async () => {
    const broken = await judged('Refuse', { workspaces: ['ada'], stored: 'bm9uZQ==' }, 'mine');
    expect(broken).toMatchObject({ code: 3, patches: [] });
    expect(broken.text).toContain('helm rollback mine -n workspace-system makes it deployed again');
    const elsewhere = await judged('Refuse', { workspaces: ['ada'] }, 'mine');
    expect(elsewhere.text).toContain('helm rollback mine -n workspace-system makes it deployed again');
  });
});
