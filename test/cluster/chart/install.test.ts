import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Kubectl } from '../../kubectl/kubectl.ts';
import { ownCluster } from '../real/ownCluster.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const INSTALLED = ['crds/', 'deploy/rbac.yaml'];

/** What the README has people type into a cluster of their own, without commands that never end. */
async function stepsOfReadme(): Promise<string[][]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, section = ''] = readme.split('### From a laptop');
  const [, block = ''] = section.split('```');
  const typed = block.split('\n').filter((line) => line.startsWith('kubectl ') && !/ -w$/.test(line));
  return typed.map((line) =>
    line
      .replace(/ +#.*$/, '')
      .split(' ')
      .slice(1),
  );
}

describe.each(['README', 'server-side apply'])('installed by %s', (how) => {
  let own: Awaited<ReturnType<typeof ownCluster>>;
  let kubectl: Kubectl;
  beforeAll(async () => {
    own = await ownCluster(root);
    kubectl = own.kubectl;
  });
  afterAll(() => own.close());

  test('every step is carried out, and said without a warning', async () => {
    const server = ['apply', '--server-side'];
    const files = INSTALLED.flatMap((file) => ['-f', file]);
    const steps =
      how === 'README'
        ? await stepsOfReadme()
        : [
            ['create', 'namespace', 'workspace-system'],
            [...server, ...files],
            [...server, '-f', 'deploy/examples/'],
          ];
    expect(steps).toHaveLength(3);
    for (const step of steps) {
      const { code, stderr } = await kubectl.run(step);
      expect({ step, code, stderr }).toEqual({ step, code: 0, stderr: '' });
    }
  });

  test('applied again and again, it comes to rest', async () => {
    const flags = how === 'README' ? [] : ['--server-side'];
    const again = async () => {
      for (const file of [...INSTALLED, 'deploy/examples/']) await kubectl.ok('apply', ...flags, '-f', file);
      return kubectl.ok('get', 'wksc,wks,clusterroles,crds', '-o', 'yaml');
    };
    // The first time may write: what the server fills into a new object's status reaches etcd with the next write alone.
    const once = await again();
    expect(await again()).toBe(once);
  });

  test('server-side apply takes over from either way of installing, without a conflict', async () => {
    for (const file of [...INSTALLED, 'deploy/examples/']) {
      await kubectl.ok('apply', '--server-side', '-f', file);
    }
  });

  test('the kinds say that they are fit to be served', async () => {
    const conditions = '{range .items[*].status.conditions[*]}{.type}={.status} {end}';
    const said = await kubectl.ok('get', 'crd', '-o', `jsonpath=${conditions}`);
    expect(said.trim().split(' ').sort()).toEqual(
      ['Established=True', 'NamesAccepted=True'].flatMap((one) => [one, one]).sort(),
    );
  });

  test('explain has a text for each field of a spec and a status', async () => {
    for (const kind of ['wks', 'workspaceclasses']) {
      for (const part of ['spec', 'status']) {
        const text = await kubectl.ok('explain', `${kind}.${part}`);
        expect(text).toMatch(/^GROUP: +compute.molecule.ai\nKIND: +Workspace/);
        expect(text).not.toContain('<no description>');
        expect(text.match(/^ {2}\w+\t</gm)?.length).toBeGreaterThan(3);
      }
    }
    expect(await kubectl.ok('explain', 'wks.spec.requests.restart')).toMatch(/restart/i);
  });
});
