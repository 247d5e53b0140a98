import assert from 'node:assert/strict';
import { manifest } from '../manifest.ts';
import type { Step } from './step.ts';

/** What a person makes and changes. */
export const changing: Step[] = [
  {
    title: 'apply installs the kinds, and they are served',
    async run({ ok, fails }, crds) {
      const early = await fails('apply', '-f', manifest('workspace'));
      assert.match(early, /no matches for kind "Workspace"[\s\S]*ensure CRDs are installed first/);
      await ok('apply', '-f', crds);
      await ok('wait', '--for=condition=Established', 'crd/workspaces.compute.molecule.ai', '--timeout=20s');
      assert.match(await ok('api-resources', '--categories=molecule'), /^workspaces +wks /m);
    },
  },
  {
    title: 'create makes namespaces, secrets, config maps and service accounts',
    async run({ ok }) {
      assert.match(await ok('create', 'namespace', 'team'), /^namespace\/team created/);
      await ok(
        'create',
        'secret',
        'generic',
        'ada-env',
        '--from-literal=TOKEN=hunter22',
        '--from-literal=EMPTY=',
      );
      assert.equal(
        await ok('get', 'secret', 'ada-env', '-o', 'jsonpath={.data}'),
        '{"EMPTY":"","TOKEN":"aHVudGVyMjI="}',
      );
      await ok('create', 'configmap', 'settings', '--from-literal=a=b');
      await ok('create', 'serviceaccount', 'bot');
      assert.match(await ok('get', 'secrets,configmaps,sa'), /Opaque +2[\s\S]*settings +1[\s\S]*bot +\d+s/);
    },
  },
  {
    title: 'apply creates, changes, and leaves alone',
    async run({ ok }) {
      assert.match(await ok('apply', '-f', manifest('workspace')), /created/);
      assert.match(await ok('apply', '-f', manifest('changed')), /configured/);
      assert.match(await ok('apply', '-f', manifest('changed')), /unchanged/);
      const spec = JSON.parse(await ok('get', 'wks', 'ada', '-o', 'jsonpath={.spec}'));
      assert.equal(spec.operatingMode, 'Running', 'defaults are filled in');
      assert.deepEqual(spec.env, [
        { name: 'EDITOR', value: 'ed' },
        { name: 'PAGER', value: 'less' },
      ]);
      assert.equal(await ok('get', 'wks', 'ada', '-o', 'jsonpath={.metadata.generation}'), '2');
    },
  },
  {
    title: 'a dry run on the server changes nothing',
    async run({ ok, run }) {
      assert.match(await ok('apply', '--dry-run=server', '-f', manifest('workspace')), /server dry run/);
      await ok('delete', 'wks', 'ada', '--dry-run=server');
      const { stdout } = await run(['diff', '-f', manifest('workspace')]);
      assert.match(stdout, /^-.*less/m);
      assert.equal(await ok('get', 'wks', 'ada', '-o', 'jsonpath={.metadata.generation}'), '2');
    },
  },
  {
    title: 'what the schema forbids is refused, field by field',
    async run({ run }) {
      const apply = (spec: object, ...flags: string[]) => {
        const envelope = {
          apiVersion: 'compute.molecule.ai/v1alpha1',
          kind: 'Workspace',
          metadata: { name: 'bad' },
        };
        return run(['apply', '-f', '-', ...flags], { input: JSON.stringify({ ...envelope, spec }) });
      };
      const unknown = await apply({ className: 'standard', clasName: 'x' });
      assert.match(unknown.stderr, /strict decoding error: unknown field "spec.clasName"/);
      const env = [{ name: 'A' }, { name: 'A' }];
      const wrong = await apply({ className: 'Not_a_name', operatingMode: 'Resting', env });
      assert.match(
        wrong.stderr,
        /spec.className: Invalid value: "Not_a_name": spec.className in body should match/,
      );
      assert.match(
        wrong.stderr,
        /spec.operatingMode: Unsupported value: "Resting": supported values: "Running", "Stopped"/,
      );
      assert.match(wrong.stderr, /spec.env\[1\]: Duplicate value: \{"name":"A"/);
      const warned = await apply({ className: 'standard', extra: 1 }, '--validate=warn', '--dry-run=server');
      assert.match(warned.stderr, /Warning: unknown field "spec.extra"/);
      assert.equal(warned.code, 0);
    },
  },
  {
    title: 'patch, annotate and label change what they name',
    async run({ ok, fails }) {
      await ok('patch', 'wks', 'ada', '--type=merge', '-p', '{"spec":{"className":"big"}}');
      await ok(
        'patch',
        'wks',
        'ada',
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/className","value":"standard"}]',
      );
      await ok('patch', 'secret', 'ada-env', '-p', '{"stringData":{"MORE":"1"}}');
      assert.equal(await ok('get', 'secret', 'ada-env', '-o', 'jsonpath={.data.MORE}'), 'MQ==');
      await ok('annotate', 'wks', 'ada', 'note=hello');
      await ok('label', 'wks', 'ada', 'tier=one');
      assert.match(await fails('label', 'wks', 'ada', 'tier=two'), /already has a value/);
      await ok('label', 'wks', 'ada', 'tier=two', '--overwrite');
      await ok('annotate', 'wks', 'ada', 'note-');
      assert.equal(
        await ok('get', 'wks', '-l', 'tier=two', '-o', 'name'),
        'workspace.compute.molecule.ai/ada\n',
      );
      assert.equal(await ok('get', 'wks', 'ada', '-o', 'jsonpath={.metadata.annotations.note}'), '');
      assert.match(
        await fails('patch', 'wks', 'ada', '--type=merge', '-p', '{"spec":{"className":"NO"}}'),
        /should match/,
      );
    },
  },
  {
    title: 'edit sends what the editor left',
    async run({ ok, run }) {
      const edited = await run(['edit', 'wks', 'ada'], {
        env: { KUBE_EDITOR: "sed -i -e 's/value: ed$/value: nano/'" },
      });
      assert.match(edited.stdout, /edited/);
      assert.equal(await ok('get', 'wks', 'ada', '-o', 'jsonpath={.spec.env[0].value}'), 'nano');
      const untouched = await run(['edit', 'wks', 'ada'], { env: { KUBE_EDITOR: 'true' } });
      assert.match(untouched.stdout + untouched.stderr, /cancelled, no changes made/);
    },
  },
  {
    title: 'replace sends the whole object back, and an old one is refused',
    async run({ ok, run }) {
      const read = await ok('get', 'wks', 'ada', '-o', 'json');
      const input = read.replace('"nano"', '"emacs"');
      assert.equal((await run(['replace', '-f', '-'], { input })).code, 0);
      assert.match((await run(['replace', '-f', '-'], { input })).stderr, /the object has been modified/);
    },
  },
];
