import assert from 'node:assert/strict';
import type { Kubectl } from '../kubectl.ts';
import type { Step } from './step.ts';

const workspace = (spec: object): string =>
  JSON.stringify({
    apiVersion: 'compute.molecule.ai/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'eve' },
    spec: { className: 'standard', ...spec },
  });
const two = workspace({
  env: [
    { name: 'EDITOR', value: 'ed' },
    { name: 'PAGER', value: 'less' },
  ],
});
const fromInput = (kubectl: Kubectl, input: string, ...args: string[]) =>
  kubectl.run(['apply', ...args, '-f', '-'], { input });
const argo = '--field-manager=argocd-controller';

/** What tools do that apply on the server, and who owns what then. */
export const owning: Step[] = [
  {
    title: 'apply --server-side takes over what client-side apply made',
    async run(kubectl) {
      const { ok } = kubectl;
      assert.match((await fromInput(kubectl, two)).stdout, /created/);
      assert.match((await fromInput(kubectl, two, '--server-side')).stdout, /eve serverside-applied/);
      const owners = ['get', 'wks', 'eve', '-o', 'jsonpath={.metadata.managedFields[*].manager}'];
      assert.equal(await ok(...owners), 'kubectl-last-applied kubectl');
      const version = ['get', 'wks', 'eve', '-o', 'jsonpath={.metadata.resourceVersion}'];
      const before = await ok(...version);
      assert.equal((await fromInput(kubectl, two, '--server-side')).code, 0);
      assert.equal(await ok(...version), before);
    },
  },
  {
    title: 'another manager meets a conflict, and takes the field by force',
    async run(kubectl) {
      const vi = workspace({ env: [{ name: 'EDITOR', value: 'vi' }] });
      const refused = await fromInput(kubectl, vi, '--server-side', argo);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /Apply failed with 1 conflict: conflict with "kubectl": .spec.env\[name="EDITOR"\].value/,
      );
      assert.equal((await fromInput(kubectl, vi, '--server-side', argo, '--force-conflicts')).code, 0);
      const dry = await fromInput(kubectl, two, '--server-side', '--dry-run=server');
      assert.match(dry.stderr, /conflict with "argocd-controller"/);
    },
  },
  {
    title: 'what is applied no more goes, and what others own stays',
    async run(kubectl) {
      const pager = workspace({ env: [{ name: 'PAGER', value: 'less' }] });
      assert.equal((await fromInput(kubectl, pager, '--server-side')).code, 0);
      const env = ['get', 'wks', 'eve', '-o', 'jsonpath={.spec.env[*].name}'];
      assert.equal(await kubectl.ok(...env), 'EDITOR PAGER');
      assert.equal((await fromInput(kubectl, workspace({}), '--server-side', argo)).code, 0);
      assert.equal(await kubectl.ok(...env), 'PAGER');
      await kubectl.ok('delete', 'wks', 'eve');
    },
  },
  {
    title: 'whoami and can-i say who asks and what they may do',
    async run({ ok, run }) {
      assert.match(await ok('auth', 'whoami'), /Username +administrator\n[\s\S]*system:masters/);
      assert.equal(await ok('auth', 'can-i', 'delete', 'wks/ada'), 'yes\n');
      await ok('create', 'role', 'reader', '--verb=get,list', '--resource=workspaces.compute.molecule.ai');
      await ok('create', 'rolebinding', 'bot', '--role=reader', '--serviceaccount=default:bot');
      const bot = '--as=system:serviceaccount:default:bot';
      const until = async (answer: string, ...args: string[]) => {
        // The authorizer may hear of a role a moment after it was made.
        for (;;) {
          const { stdout } = await run(['auth', 'can-i', ...args, bot]);
          if (stdout.trim() === answer) return;
        }
      };
      await until('yes', 'get', 'workspaces/ada');
      await until('no', 'delete', 'workspaces/ada');
      await until('no', 'get', 'secrets');
      assert.match(
        await ok('auth', 'can-i', '--list', bot),
        /workspaces\.compute\.molecule\.ai .*\[get list\]/,
      );
      assert.match(await ok('auth', 'whoami', bot), /Username +system:serviceaccount:default:bot/);
      assert.match(await ok('create', 'token', 'bot'), /^[\w-]+\.[\w-]+\.[\w-]+$/m);
      await ok('delete', 'role/reader', 'rolebinding/bot');
    },
  },
];
