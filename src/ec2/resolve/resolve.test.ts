import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { ec2Failure } from '../calls/errors.ts';
import type { ErrorClass, Filter, Image, SecurityGroup, Subnet } from '../calls/port.ts';
import { createResolver, type ResolverOptions } from './resolve.ts';
import type { ResolvableSpec } from './terms.ts';

const AMI = 'ami-0a1';
const spec: ResolvableSpec = {
  images: [{ architecture: 'x86_64', id: AMI }],
  subnets: [{ id: 'subnet-0a1' }],
  securityGroups: [{ id: 'sg-0a1' }],
};

const image: Image = { id: AMI, architecture: 'x86_64', state: 'available', rootDeviceName: '/dev/xvda' };
const subnet = (id: string, zone = 'a', vpcID = 'vpc-1'): Subnet => ({
  id,
  zone,
  vpcID,
  availableAddresses: 9,
});
const group = (id: string, vpcID = 'vpc-1'): SecurityGroup => ({ id, vpcID });

function refuse(action: string, kind: ErrorClass, code: string): Promise<never> {
  return Promise.reject(ec2Failure({ class: kind, code, action, detail: 'what AWS says' }));
}

/** A resolver over canned answers, keyed by the filters' values; counts what it was asked. */
function setUp(overrides: Partial<ResolverOptions['calls']> = {}, options: Partial<ResolverOptions> = {}) {
  const clock = createVirtualClock();
  const asked: string[] = [];
  const subnets = new Map<string, Subnet[]>([['subnet-id=subnet-0a1', [subnet('subnet-0a1')]]]);
  const groups = new Map<string, SecurityGroup[]>([['group-id=sg-0a1', [group('sg-0a1')]]]);
  const key = (filters: readonly Filter[] = []) =>
    filters.map(({ name, values }) => `${name}=${values}`).join('&');
  const resolver = createResolver({
    clock,
    calls: {
      async describeImages(ids) {
        asked.push(`images ${ids}`);
        return ids.includes(AMI) ? [image] : [];
      },
      async describeSubnets({ filters }) {
        asked.push(`subnets ${key(filters)}`);
        return subnets.get(key(filters)) ?? [];
      },
      async describeSecurityGroups({ filters }) {
        asked.push(`groups ${key(filters)}`);
        return groups.get(key(filters)) ?? [];
      },
      async getParameter(name) {
        asked.push(`parameter ${name}`);
        return AMI;
      },
      ...overrides,
    },
    ...options,
  });
  return { clock, asked, subnets, groups, resolver };
}

describe('a class that EC2 can serve', () => {
  it('resolves to images, subnets and groups', async () => {
    const { resolver } = setUp();
    expect(await resolver.resolve(spec)).toEqual({
      ok: true,
      images: [image],
      subnets: [subnet('subnet-0a1')],
      securityGroupIDs: ['sg-0a1'],
      groupsByTerm: [['sg-0a1']],
    });
  });

  it('may name its image by an SSM parameter', async () => {
    const { asked, resolver } = setUp();
    const images: ResolvableSpec['images'] = [{ architecture: 'x86_64', ssmParameter: '/images/workspace' }];
    expect(await resolver.resolve({ ...spec, images })).toMatchObject({ ok: true, images: [{ id: AMI }] });
    expect(asked).toContain('parameter /images/workspace');
  });

  it('lists each subnet and group once, sorted, however many terms match it', async () => {
    const { resolver, subnets, groups } = setUp();
    subnets.set('tag:tier=private', [
      subnet('subnet-0c3', 'c'),
      subnet('subnet-0a1'),
      subnet('subnet-0b2', 'b'),
    ]);
    groups.set('tag:tier=private', [group('sg-0b2'), group('sg-0a1')]);
    const terms = { tags: { tier: 'private' } };
    const resolution = await resolver.resolve({
      ...spec,
      subnets: [terms, { id: 'subnet-0a1' }],
      securityGroups: [terms, { id: 'sg-0a1' }],
    });
    expect(resolution).toMatchObject({
      ok: true,
      subnets: [{ id: 'subnet-0a1' }, { id: 'subnet-0b2', zone: 'b' }, { id: 'subnet-0c3' }],
      securityGroupIDs: ['sg-0a1', 'sg-0b2'],
    });
  });

  it('selects by all tags of a term; * is any value, and other wildcards are meant as they stand', async () => {
    const { asked, resolver } = setUp();
    await resolver.resolve({ ...spec, subnets: [{ tags: { 'b*': '*', a: 'x?*\\' } }] });
    expect(asked).toContain('subnets tag:a=x\\?\\*\\\\&tag-key=b\\*');
  });
});

describe('a class that EC2 can’t serve', () => {
  const cases: [string, Partial<ResolvableSpec>, RegExp][] = [
    [
      'an image that does not exist',
      { images: [{ architecture: 'x86_64', id: 'ami-0ff' }] },
      /^spec\.images\[0\] \(x86_64, ami-0ff\): .*does not exist.*Name an image/,
    ],
    [
      'an image for another architecture',
      { images: [{ architecture: 'arm64', id: AMI }] },
      /^spec\.images\[0\] \(arm64, ami-0a1\): ami-0a1 is for x86_64\. Name an image for arm64/,
    ],
    ['an image term without an image', { images: [{ architecture: 'x86_64' }] }, /names no image/],
    [
      'a subnet that does not exist',
      { subnets: [{ id: 'subnet-0a1' }, { id: 'subnet-0ff' }] },
      /^spec\.subnets\[1\] \(subnet-0ff\) matches no subnet .*Correct the term/,
    ],
    [
      'tags that match nothing',
      { subnets: [{ tags: { tier: 'none', a: '*' } }] },
      /^spec\.subnets\[0\] \(tags a=\*, tier=none\) matches no subnet/,
    ],
    [
      'a security group that does not exist',
      { securityGroups: [{ id: 'sg-0ff' }] },
      /^spec\.securityGroups\[0\] \(sg-0ff\) matches no security group/,
    ],
    [
      'a term that names nothing, which would select all',
      { subnets: [{ tags: {} }] },
      /names neither an id nor a tag/,
    ],
  ];

  it.each(cases)('reports %s, with the next step', async (_what, change, message) => {
    const { asked, resolver } = setUp();
    const resolution = await resolver.resolve({ ...spec, ...change });
    expect(resolution).toMatchObject({ ok: false, kind: 'missing', message: expect.stringMatching(message) });
    expect(asked.filter((question) => question.endsWith(' '))).toEqual([]);
  });

  it.each([
    [{ ...image, state: 'pending' }, /ami-0a1 is pending, not available/],
    [{ ...image, rootDeviceName: '' }, /no root device/],
  ])('reports that an image is unfit: %o', async (unfit, message) => {
    const { resolver } = setUp({ describeImages: async () => [unfit] });
    expect(await resolver.resolve(spec)).toMatchObject({
      ok: false,
      kind: 'missing',
      message: expect.stringMatching(message),
    });
  });

  it('reports which term lies in another VPC', async () => {
    const { resolver, subnets } = setUp();
    subnets.set('subnet-id=subnet-0a1', [subnet('subnet-0a1', 'a', 'vpc-2')]);
    expect(await resolver.resolve(spec)).toMatchObject({
      ok: false,
      kind: 'missing',
      message: expect.stringMatching(
        /^spec\.securityGroups\[0\] \(sg-0a1\): sg-0a1 is in vpc-1, but subnet-0a1 of spec\.subnets\[0\] \(subnet-0a1\) is in vpc-2/,
      ),
    });
  });

  it('reports that its terms match more groups than an instance can have', async () => {
    const { resolver, groups } = setUp();
    groups.set(
      'tag-key=any',
      Array.from({ length: 17 }, (_, i) => group(`sg-${i}`)),
    );
    const resolution = await resolver.resolve({ ...spec, securityGroups: [{ tags: { any: '*' } }] });
    expect(resolution).toMatchObject({
      ok: false,
      kind: 'missing',
      message: expect.stringContaining('17 security groups'),
    });
  });

  it.each(['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'])(
    'takes %s for: there is none',
    async (code) => {
      const { resolver } = setUp({ describeImages: () => refuse('DescribeImages', 'userFix', code) });
      expect(await resolver.resolve(spec)).toMatchObject({ ok: false, kind: 'missing' });
    },
  );

  it('takes a parameter that is not there, or holds no image id, for missing, and never repeats its value', async () => {
    const images: ResolvableSpec['images'] = [{ architecture: 'x86_64', ssmParameter: '/a' }];
    const absent = setUp({ getParameter: () => refuse('GetParameter', 'userFix', 'ParameterNotFound') });
    expect(await absent.resolver.resolve({ ...spec, images })).toMatchObject({
      ok: false,
      kind: 'missing',
      message: expect.stringContaining('(x86_64, SSM parameter /a): there is no such parameter'),
    });
    const other = setUp({ getParameter: async () => 'hunter2' });
    const resolution = await other.resolver.resolve({ ...spec, images });
    expect(resolution).toMatchObject({ ok: false, kind: 'missing' });
    expect(JSON.stringify(resolution)).not.toContain('hunter2');
  });
});

describe('a question that EC2 does not answer', () => {
  it.each<[ErrorClass, string]>([
    ['ambiguous', 'InternalError'],
    ['throttled', 'RequestLimitExceeded'],
    ['userFix', 'UnauthorizedOperation'],
    ['notSent', 'NoCredentials'],
  ])('%s (%s) says nothing about the class', async (kind, code) => {
    const { resolver } = setUp({ describeSubnets: () => refuse('DescribeSubnets', kind, code) });
    const resolution = await resolver.resolve(spec);
    expect(resolution).toMatchObject({ ok: false, kind: 'unavailable' });
    expect(resolution).toHaveProperty(
      'message',
      expect.stringMatching(/^spec\.subnets\[0\] .*could not be looked up\. DescribeSubnets: /),
    );
  });

  it('is no excuse for a bug: other errors come out', async () => {
    const { resolver } = setUp({ describeSubnets: () => Promise.reject(new TypeError('x')) });
    await expect(resolver.resolve(spec)).rejects.toThrow(TypeError);
    await expect(resolver.resolve(spec)).rejects.toThrow(TypeError);
  });
});

describe('what was asked', () => {
  it('is not asked again for a minute, and all who ask at once share it', async () => {
    const { clock, asked, resolver } = setUp();
    const same = { ...spec, images: [{ id: AMI, architecture: 'x86_64' as const }] };
    await Promise.all([resolver.resolve(spec), resolver.resolve(same), resolver.resolve(spec)]);
    await clock.advance(59_999);
    await resolver.resolve(spec);
    expect(asked).toHaveLength(3);
    await clock.advance(1);
    await resolver.resolve(spec);
    expect(asked).toHaveLength(6);
  });

  it('is asked again after five seconds when the answer was bad', async () => {
    const { clock, asked, resolver, subnets } = setUp();
    const wanted = { ...spec, subnets: [{ id: 'subnet-0b2' }] };
    expect((await resolver.resolve(wanted)).ok).toBe(false);
    subnets.set('subnet-id=subnet-0b2', [subnet('subnet-0b2')]);
    await clock.advance(4_999);
    expect((await resolver.resolve(wanted)).ok).toBe(false);
    expect(asked).toHaveLength(3);
    await clock.advance(1);
    expect((await resolver.resolve(wanted)).ok).toBe(true);
  });

  it('can be peeked at while it is fresh, without a call', async () => {
    const { clock, asked, resolver } = setUp();
    expect(resolver.peek(spec)).toBeUndefined();
    const resolution = await resolver.resolve(spec);
    expect(resolver.peek(spec)).toBe(resolution);
    expect(resolver.peek({ ...spec, subnets: [{ id: 'subnet-0b2' }] })).toBeUndefined();
    await clock.advance(60_000);
    expect(resolver.peek(spec)).toBeUndefined();
    expect(asked).toHaveLength(3);
  });
});
