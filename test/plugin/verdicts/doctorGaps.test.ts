import { expect, test } from 'vitest';
import { type Answer, deployment, finding, refuse } from '../playedKubectl.ts';
import { examined } from './examined.ts';

const FORBIDDEN = refuse('Error from server (Forbidden): x is forbidden: User "ada" cannot do that');
const begun = ['kubernetes', 'definitions'].map((it) => finding(it)).join('\n');
test.each<[string, Record<string, Answer>]>([
  [
    'a connection into the pod that is lost',
    { 'exec workspace-operator-controller-1': refuse('error: lost connection to pod', begun) },
  ],
  [
    'a Job that ends early',
    {
      'exec workspace-operator-controller-1': FORBIDDEN,
      'create --filename=- --namespace': '',
      'get job': { status: { failed: 1 } },
      'logs job/': begun,
      'delete job': '',
    },
  ],
  [
    'a Job that does not end',
    {
      'exec workspace-operator-controller-1': FORBIDDEN,
      'create --filename=- --namespace': '',
      'get job': { status: {} },
      'logs job/': begun,
      'delete job': '',
    },
  ],
])('what went well before %s does not stand for what was not looked at', async (_what, changed) => {
  const { results, ill } = await examined(changed);
  expect(ill).toMatchObject([
    {
      verdict: 'unknown',
      from: 'controller',
      says: expect.stringContaining('before it had looked at everything'),
    },
  ]);
  expect(results.filter(({ from }) => from === 'controller')).toHaveLength(3);
});

test('pods of before an upgrade that are ready do not stand for those of after it', async () => {
  const [metadata, status] = [
    { ...(deployment('controller').metadata as object), generation: 2 },
    { readyReplicas: 2, updatedReplicas: 1, observedGeneration: 2 },
  ];
  for (const stuck of [
    { metadata, status },
    { metadata, status: { ...status, updatedReplicas: 2, observedGeneration: 1 } },
  ]) {
    const { ill } = await examined({
      'get deployments.apps': { items: [deployment('controller', stuck), deployment('gateway')] },
    });
    expect(ill).toMatchObject([
      {
        check: 'operator',
        verdict: 'unknown',
        says: expect.stringContaining('a roll-out goes on or is stuck'),
      },
    ]);
  }
});
