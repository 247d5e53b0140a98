import { expect, test } from 'vitest';
import { classOf } from '../../../test/support/workspace/facts.ts';
import { decodeWorkspace, decodeWorkspaceClass } from './decode.ts';

const metadata = {
  name: 'a',
  namespace: 'team',
  uid: 'u',
  resourceVersion: '7',
  annotations: { kept: 'x' },
};
const managedFields = [{ manager: 'workspace-operator', operation: 'Update' }];

test('a cache holds the answer to a write as the watch shows it: without managedFields, and with all else', () => {
  const answered = { metadata: { ...metadata, managedFields } };
  const workspace = decodeWorkspace({ ...answered, spec: { className: 'standard' } });
  expect(workspace.metadata).toEqual(metadata);
  const klass = decodeWorkspaceClass({ ...answered, spec: classOf().spec });
  expect(klass.metadata).toEqual(metadata);
  expect(answered.metadata.managedFields).toBe(managedFields);
});
