import assert from 'node:assert/strict';
import type { Step } from './step.ts';

/** What a person takes away. */
export const removing: Step[] = [
  {
    title: 'delete waits until the last finalizer is gone',
    async run({ ok, start, fails }) {
      await ok(
        'patch',
        'wks',
        'ada',
        '--type=merge',
        '-p',
        '{"metadata":{"finalizers":["example.com/held"]}}',
      );
      await ok('delete', 'wks', 'ada', '--wait=false');
      assert.notEqual(await ok('get', 'wks', 'ada', '-o', 'jsonpath={.metadata.deletionTimestamp}'), '');
      assert.match(await fails('wait', 'wks/ada', '--for=delete', '--timeout=1s'), /timed out/);
      const waiting = start(['wait', 'wks/ada', '--for=delete', '--timeout=30s']);
      const deleting = start(['delete', 'wks', 'ada', '--wait']);
      await deleting.shows(/deleted/);
      await ok('patch', 'wks', 'ada', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
      assert.equal((await deleting.ended).code, 0);
      assert.equal((await waiting.ended).code, 0);
      assert.equal(await ok('get', 'wks', '--ignore-not-found', '-o', 'name'), '');
      assert.match(await fails('delete', 'wks', 'ada'), /not found/);
      await ok('delete', 'wks', 'ada', '--ignore-not-found');
    },
  },
  {
    title: 'delete --all and deletion by label take what they select',
    async run({ ok }) {
      await ok('create', 'secret', 'generic', 'one', '--from-literal=a=b');
      await ok('label', 'secret', 'one', 'pick=me');
      await ok('delete', 'secret', '-l', 'pick=me');
      assert.equal(await ok('get', 'secret', '-o', 'name'), 'secret/ada-env\n');
      await ok('delete', 'secrets,configmaps', '--all');
      assert.equal(await ok('get', 'secrets,configmaps', '-o', 'name'), '');
    },
  },
  {
    title: 'deleting a namespace deletes what is in it',
    async run({ ok, fails }) {
      await ok('create', 'secret', 'generic', 'inside', '-n', 'team', '--from-literal=a=b');
      await ok('delete', 'namespace', 'team', '--timeout=30s');
      assert.match(await fails('get', 'secret', 'inside', '-n', 'team'), /not found/);
    },
  },
  {
    title: 'deleting a definition ends the kind',
    async run({ ok, fails }) {
      await ok('delete', 'crd', 'workspaces.compute.molecule.ai', '--timeout=30s');
      assert.match(
        await fails('get', 'workspaces.compute.molecule.ai'),
        /doesn't have a resource type|could not find/,
      );
    },
  },
];
