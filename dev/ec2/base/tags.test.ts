import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { runInstances } from '../actions/run.ts';
import { createCloud } from '../cloud/state.ts';
import { launchInput } from '../testing/launch.ts';
import { checkTags } from './tags.ts';

const check = (key: string, value = '') => checkTags([{ key, value }]);

describe('EC2’s rules for tags', () => {
  test('count characters, so that an emoji is one', () => {
    expect(() => check('🦀'.repeat(128), '🦀'.repeat(256))).not.toThrow();
    expect(() => check('🦀'.repeat(129))).toThrow(/1 to 128 characters/);
    expect(() => check('k', '🦀'.repeat(257))).toThrow(/256 characters/);
  });

  test('reserve aws: in any case', () => {
    for (const key of ['aws:x', 'Aws:x', 'AWS:x']) expect(() => check(key)).toThrow(/reserved/);
    expect(() => check('awesome:x')).not.toThrow();
  });
});

describe('an account whose instances show their tags in instance metadata', () => {
  const cloud = createCloud({ clock: createVirtualClock(), random: systemRandom, region: 'eu-central-1' });
  cloud.account.instanceMetadataTags = 'enabled';

  test('refuses a key with a slash, such as all of ours, unless the request says otherwise', () => {
    expect(() => runInstances(cloud, launchInput())).toThrow(/not a valid tag key/);
    const other = { 'MetadataOptions.InstanceMetadataTags': 'disabled' };
    expect(runInstances(cloud, launchInput({ other })).state).toBe('pending');
  });
});
