import { describe, expect, test } from 'vitest';
import { classOf, factsOf, launchOf } from '../../../../test/support/facts.ts';
import { offeringKey } from '../../../api/offering.ts';
import { TAG } from '../../../api/tags.ts';
import { fingerprint, rankOfferings } from './offerings.ts';

const resolved = factsOf().resolution;
if (!resolved?.ok) throw new Error('the facts are resolved');

const rank = (uid: string, klass = classOf().spec, spec: Record<string, unknown> = {}) =>
  rankOfferings(factsOf({ spec }).workspace.spec, klass, resolved, uid).map(offeringKey);

describe('offerings', () => {
  test('are all that the class allows, capacity types and instance types in the class’s order', () => {
    const klass = classOf({ capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' }).spec;
    const ranked = rank('uid-1', klass);
    expect(ranked).toHaveLength(8);
    expect(ranked.slice(0, 4).every((key) => key.endsWith('/Spot'))).toBe(true);
    const types = ranked.map((key) => key.split('/')[0]);
    expect(types.slice(0, 4)).toEqual(['m7i.large', 'm7i.large', 'm6i.large', 'm6i.large']);
  });

  test('are of one type when the Workspace names it', () => {
    expect(rank('uid-1', undefined, { instanceType: 'm6i.large' })).toHaveLength(2);
    expect(rank('uid-1', undefined, { instanceType: 'x1.huge' })).toEqual([]);
  });

  test('are asked in the same order each time, and Workspaces spread over the zones', () => {
    expect(rank('uid-1')).toEqual(rank('uid-1'));
    const first = new Set(Array.from({ length: 40 }, (_, i) => rank(`uid-${i}`)[0]));
    expect(first).toEqual(new Set(['m7i.large/a/OnDemand', 'm7i.large/b/OnDemand']));
  });
});

describe('a dry run’s fingerprint', () => {
  const { params } = launchOf();
  if (!params) throw new Error('a launch has parameters');

  const tagsOf = (name: string, ofClass: Record<string, string> = {}) =>
    Object.entries({
      [TAG.uid]: `uid-${name}`,
      [TAG.namespace]: 'default',
      [TAG.name]: name,
      Name: `default/${name}`,
      ...ofClass,
    }).map(([key, value]) => ({ key, value }));

  test('is one for Workspaces that differ only in the tags that name them', () => {
    const ofClass = { team: 'research' };
    const [ada, bob] = ['ada', 'bob'].map((name) => fingerprint({ ...params, tags: tagsOf(name, ofClass) }));
    expect(ada).toBe(bob);
  });

  test('is the same for each launch that is rendered alike', () => {
    const [second, third] = [2, 3].map((launch) =>
      fingerprint({ ...params, request: { version: 2, launch } }),
    );
    expect(second).toBe(third);
  });

  test.each([
    ['rendering', { request: { version: 2, launch: 2 } }],
    ['image', { imageID: 'ami-2' }],
    ['type', { instanceType: 'm6i.large' }],
    ['capacity', { capacityType: 'Spot' as const }],
    ['subnet', { subnetID: 'subnet-2' }],
    ['security groups', { securityGroupIDs: ['sg-2'] }],
    ['profile', { instanceProfile: 'other' }],
    ['volume', { rootVolume: { ...params.rootVolume, sizeGiB: 31 } }],
    ['tag of the class', { tags: [...params.tags, { key: 'team', value: 'research' }] }],
    ['name that the class gives', { tags: [...params.tags, { key: 'Name', value: 'agents' }] }],
    ['script of the class', { userData: { ...params.userData, classDigest: 'other' } }],
    ['boot stub', { userData: { ...params.userData, stub: 2 } }],
    ['gateway', { userData: { ...params.userData, gatewayURL: 'https://other' } }],
  ])('is another with another %s', (_what, change) => {
    expect(fingerprint({ ...params, ...change })).not.toBe(fingerprint(params));
  });
});
