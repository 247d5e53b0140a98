import assert from 'node:assert/strict';
import type { Kubectl } from '../kubectl.ts';
import type { Step } from './step.ts';

const ready = (status: string, generation: string) =>
  JSON.stringify({
    status: {
      observedGeneration: Number(generation),
      conditions: [
        {
          type: 'Ready',
          status,
          reason: 'Tested',
          message: 'so says the test',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  });

async function setReady(ok: Kubectl['ok'], status: 'True' | 'False'): Promise<void> {
  const generation = await ok('get', 'wks', 'ada', '-o', 'jsonpath={.metadata.generation}');
  const patch = ready(status, generation);
  await ok('patch', 'wks', 'ada', '--subresource=status', '--type=merge', '-p', patch);
}

/** What a person looks at. */
export const inspecting: Step[] = [
  {
    title: 'get prints tables, wide ones, names and whole objects, by short name and by category',
    async run({ ok, fails }) {
      assert.match(await ok('get', 'wks'), /^NAME +READY .*AGE *\nada .*\d+s *\n$/);
      assert.match(await ok('get', 'wks', '-o', 'wide'), /CLASS[\s\S]*standard/);
      assert.match(await ok('get', 'molecule'), /ada/);
      assert.match(
        await ok('get', 'workspaces.v1alpha1.compute.molecule.ai', '-A'),
        /^NAMESPACE[\s\S]*default +ada/,
      );
      assert.equal(await ok('get', 'wks', '-o', 'name'), 'workspace.compute.molecule.ai/ada\n');
      assert.match(
        await ok('get', 'wks', 'ada', '-o', 'yaml'),
        /^apiVersion: compute.molecule.ai\/v1alpha1\nkind: Workspace\n/,
      );
      assert.equal(JSON.parse(await ok('get', 'wks', '-o', 'json')).items[0].metadata.name, 'ada');
      assert.match(
        await ok('get', 'wks', '-o', 'custom-columns=C:.spec.className', '--sort-by=.metadata.name'),
        /standard/,
      );
      assert.match(await ok('get', 'wks', '--field-selector=metadata.name=ada', '--no-headers'), /^ada /);
      assert.match(await ok('get', 'ns'), /team +Active/);
      assert.match(await fails('get', 'wks', 'nobody'), /workspaces.compute.molecule.ai "nobody" not found/);
      assert.match(await fails('get', 'unicorns'), /doesn't have a resource type "unicorns"/);
    },
  },
  {
    title: 'get -w prints a row for each change',
    async run({ ok, start }) {
      const watching = start(['get', 'wks', '-w']);
      await watching.shows(/\nada /);
      await setReady(ok, 'False');
      await watching.shows(/\nada +False .*\n/);
      watching.kill();
      assert.equal((await watching.ended).stdout.match(/^NAME/gm)?.length, 1, 'one header');
    },
  },
  {
    title: 'wait ends when a condition, a field or a deletion comes, and not before',
    async run({ ok, start, fails }) {
      assert.match(await fails('wait', 'wks/ada', '--for=condition=Ready', '--timeout=1s'), /timed out/);
      const waiting = start(['wait', 'wks/ada', '--for=condition=Ready', '--timeout=30s']);
      await setReady(ok, 'True');
      assert.match((await waiting.ended).stdout, /condition met/);
      await ok('wait', 'wks/ada', '--for=jsonpath={.status.conditions[0].reason}=Tested', '--timeout=30s');
    },
  },
  {
    title: 'describe shows the object and its events',
    async run({ ok, run }) {
      assert.match(await ok('describe', 'wks', 'ada'), /Class Name: +standard[\s\S]*Events: +<none>/);
      const uid = await ok('get', 'wks', 'ada', '-o', 'jsonpath={.metadata.uid}');
      const involvedObject = {
        apiVersion: 'compute.molecule.ai/v1alpha1',
        kind: 'Workspace',
        namespace: 'default',
        name: 'ada',
        uid,
      };
      const at = '2026-01-01T00:00:00Z';
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'ada.1', namespace: 'default' },
        involvedObject,
        reason: 'Launching',
        message: 'launch 1 was sent',
        type: 'Normal',
        count: 1,
        firstTimestamp: at,
        lastTimestamp: at,
        source: { component: 'workspace-operator' },
      };
      const created = await run(['create', '-f', '-'], { input: JSON.stringify(event) });
      assert.match(created.stdout, /event\/ada.1 created/);
      assert.match(
        await ok('describe', 'wks', 'ada'),
        /Normal +Launching .*workspace-operator +launch 1 was sent/,
      );
      assert.match(await ok('describe', 'secret', 'ada-env'), /TOKEN: +8 bytes/);
    },
  },
  {
    title: 'events are listed, all of them and those of one object',
    async run({ ok }) {
      assert.match(await ok('events'), /Normal +Launching +Workspace\/ada +launch 1 was sent/);
      assert.match(await ok('events', '--for=wks/ada'), /Launching/);
      assert.match(
        await ok('get', 'events'),
        /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\d+[\s\S]*workspace\/ada/,
      );
    },
  },
  {
    title: 'explain reads the schemas',
    async run({ ok }) {
      assert.match(await ok('explain', 'wks'), /KIND: +Workspace[\s\S]*A Workspace is one EC2 instance/);
      assert.match(await ok('explain', 'wks.spec.env.name'), /FIELD: name <string>/);
      assert.match(await ok('explain', 'wks', '--recursive'), /className\t<string> -required-/);
      assert.match(await ok('explain', 'wks.metadata.finalizers'), /<\[\]string>/);
      assert.match(await ok('explain', 'secret.data'), /FIELD: data <map\[string\]string>/);
    },
  },
  {
    title: 'the server tells its version and its health',
    async run({ ok }) {
      assert.match(await ok('version'), /Server Version: v1\.\d+/);
      assert.equal(await ok('get', '--raw', '/readyz'), 'ok');
      assert.match(await ok('api-versions'), /^compute.molecule.ai\/v1alpha1$/m);
    },
  },
];
