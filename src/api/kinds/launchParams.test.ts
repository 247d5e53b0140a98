import { expect, test } from 'vitest';
import { launchParams as params } from '../../../test/support/cloud/ec2.ts';
import { diff } from '../../reconcilers/workspace/act/mergePatch.ts';
import { launchParams, requestOf, requestVersion } from './launchParams.ts';

test('a launch that says nothing of its rendering has version 1, and version 1 says nothing', () => {
  expect(requestVersion(params, 3)).toBe(1);
  expect(requestOf(3, 1)).toEqual({});
  expect(requestOf(3, 2)).toEqual({ request: { version: 2, launch: 3 } });
});

test('a version that only a later release has is not taken for another', () => {
  expect(requestVersion({ ...params, ...requestOf(3, 1_000) }, 3)).toBeUndefined();
});

test('what a release that does not know the field leaves behind says nothing of its own launch', () => {
  const ours = { ...params, ...requestOf(3, 1_000) };
  const { request: _unknown, ...theirs } = launchParams.parse(ours);
  const patch = diff(theirs, { ...params, imageID: 'ami-0a2' });
  const stored = { ...ours, ...(patch as object) };
  expect(stored).toHaveProperty('request');
  expect(requestVersion(stored, 4)).toBe(1);
});
