import { describe, expect, test } from 'vitest';
import { workspaceSpec } from '../../src/api/kinds/workspace.ts';
import {
  changedImages,
  classContent,
  comparableMachines,
  hasDesiredImage,
  machineChangedBy,
  machineDigest,
  sameMachine,
} from '../../src/api/launch/machine.ts';
import { classOf } from '../support/workspace/facts.ts';

const AMI_1 = [{ architecture: 'x86_64', id: 'ami-1' }];
const AMI_2 = [{ architecture: 'x86_64', id: 'ami-2' }];
const spec = workspaceSpec.parse({ className: 'standard' });
const digest = (klass: Record<string, unknown> = {}, images = AMI_1, own = spec) =>
  machineDigest(own, classOf(klass).spec, images);

describe('a machine’s digest', () => {
  test('is of what only a new instance can take up: preferences among types leave it as it is', () => {
    expect(digest({ instanceTypes: [{ name: 'c7i.large' }] })).toBe(digest());
    expect(digest({ rootVolume: { sizeGiB: 99 } })).not.toBe(digest());
  });

  test('has the images only where a newer one is a change', () => {
    expect(digest({}, AMI_2)).toBe(digest({}, AMI_1));
    const automatic = { imageUpdatePolicy: 'Automatic' };
    expect(digest(automatic, AMI_2)).not.toBe(digest(automatic, AMI_1));
    expect(changedImages(digest(automatic, AMI_1), digest(automatic, AMI_2))).toEqual(['x86_64']);
    expect(machineChangedBy(digest(automatic, AMI_1), digest(automatic, AMI_2))).toBe('ClassChanged');
  });

  test('names the part that its class’s Workspaces share, without their own', () => {
    const other = workspaceSpec.parse({ className: 'standard', instanceType: 'm6i.large' });
    expect(digest({}, AMI_1, other)).not.toBe(digest());
    expect(classContent(digest({}, AMI_1, other))).toBe(classContent(digest()));
    expect(machineChangedBy(digest(), digest({}, AMI_1, other))).toBe('SpecChanged');
  });

  test('is as long as the status has room for, with two images', () => {
    const id = `ami-${'0'.repeat(17)}`;
    const two = ['x86_64', 'arm64'].map((architecture) => ({ architecture, id }));
    expect(digest({ imageUpdatePolicy: 'Automatic' }, two).length).toBeLessThanOrEqual(128);
  });
});

test.each([
  ['m1:a:b', 'm1:a:b', true],
  ['m1:a:b', 'm1:a:c', false],
  ['m1:a:b', 'm1:c:b', false],
  ['m1:a:b', 'm1:a:b:x86_64=ami-1', true],
  ['m1:a:b:x86_64=ami-1', 'm1:a:b:x86_64=ami-2', true],
  ['m1:a:b', 'm2:c:d', true],
  ['m2:c:d', 'm1:a:b', true],
])('held %s, desired %s: the same machine, as far as can be said: %s', (held, desired, same) => {
  expect(sameMachine(held, desired)).toBe(same);
});

test('only digests of one version can be compared', () => {
  expect(comparableMachines('m1:a:b', 'm1:c:d')).toBe(true);
  expect(comparableMachines('m1:a:b', 'm2:a:b')).toBe(false);
});

test.each([
  ['m1:a:b', 'ami-9', true],
  ['m1:a:b:x86_64=ami-1', 'ami-1', true],
  ['m1:a:b:x86_64=ami-1', 'ami-9', false],
  ['m1:a:b:arm64=ami-2,x86_64=ami-1', 'ami-2', true],
  ['m1:a:b:x86_64=ami-1', undefined, true],
])('desired %s, an instance of %s: as it should be: %s', (desired, imageID, current) => {
  expect(hasDesiredImage(desired, imageID)).toBe(current);
});
