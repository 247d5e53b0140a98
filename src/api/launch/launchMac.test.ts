import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { launchOf } from '../../../test/support/workspace/facts.ts';
import type { LaunchParams } from '../kinds/launchParams.ts';
import { type ArmedLaunch, isAuthentic, signLaunch } from './launchMac.ts';

const KEY = { id: 'k1', key: Buffer.alloc(32, 1) };
const OTHER = { id: 'k2', key: Buffer.alloc(32, 2) };
const ring = (...keys: (typeof KEY)[]) => {
  const held = new Map(keys.map(({ id, key }) => [id, key]));
  return (id: string) => held.get(id);
};

const { params: PLAIN } = launchOf();
if (!PLAIN) throw new Error('it has parameters');
const params: LaunchParams = {
  ...PLAIN,
  instanceProfile: 'agents',
  tags: [{ key: 'a', value: 'b' }],
  request: { version: 2, launch: 7 },
};
const armed: ArmedLaunch = {
  clusterID: 'c',
  uid: 'u',
  number: 7,
  submittedAt: '2026-01-01T00:00:00.000Z',
  params,
};
const signed = (launch = armed, key = KEY): ArmedLaunch => ({
  ...launch,
  params: { ...launch.params, mac: signLaunch(key, launch) },
});

test('signed parameters are authentic in any order of fields, also where the API server leaves undefined ones out', () => {
  const { params: given } = signed();
  const reversed: unknown = Object.fromEntries(
    Object.entries({ ...given, publicIPAddress: undefined }).reverse(),
  );
  expect(isAuthentic(ring(KEY), signed())).toBe(true);
  expect(isAuthentic(ring(KEY), { ...armed, params: reversed as LaunchParams })).toBe(true);
});

describe('a MAC is of one launch alone', () => {
  test.each<[string, Partial<ArmedLaunch>]>([
    ['another cluster', { clusterID: 'd' }],
    ['another Workspace', { uid: 'v' }],
    ['another number', { number: 8 }],
    ['another time', { submittedAt: '2026-01-01T00:00:00.001Z' }],
  ])('not of %s, also where the same object was found authentic before', (_what, change) => {
    const launch = { ...signed(), params: Object.freeze(signed().params) };
    expect(isAuthentic(ring(KEY), { ...launch, ...change })).toBe(false);
    expect(isAuthentic(ring(KEY), launch)).toBe(true);
    expect(isAuthentic(ring(KEY), { ...launch, ...change })).toBe(false);
    expect(isAuthentic(ring(KEY), launch)).toBe(true);
  });

  test('not under another key of the same id, or without it, where it was found authentic before', () => {
    const launch = { ...signed(), params: Object.freeze(signed().params) };
    expect(isAuthentic(ring(KEY), launch)).toBe(true);
    expect(isAuthentic(ring({ ...OTHER, id: KEY.id }), launch)).toBe(false);
    expect(isAuthentic(ring(OTHER), launch)).toBe(false);
  });

  test('not of parameters that differ anywhere, at any depth', () => {
    const leaves = pathsIn(params);
    expect(leaves.length).toBeGreaterThan(15);
    const change = fc.tuple(fc.constantFrom(...leaves), fc.oneof(fc.string(), fc.integer(), fc.boolean()));
    fc.assert(
      fc.property(change, ([path, value]) => {
        const other = changed(signed().params, path, value);
        fc.pre(JSON.stringify(other) !== JSON.stringify(signed().params));
        expect(isAuthentic(ring(KEY), { ...armed, params: other })).toBe(false);
      }),
      { numRuns: 500 },
    );
    for (const path of leaves) {
      const { mac: _, ...without } = changed(signed().params, path, undefined);
      const left = { ...without, mac: signed().params.mac } as LaunchParams;
      expect(isAuthentic(ring(KEY), { ...armed, params: left })).toBe(false);
    }
  });

  test('not with a field that a later release adds and this one does not know', () => {
    const later = { ...signed().params, hibernation: true } as LaunchParams;
    expect(isAuthentic(ring(KEY), { ...armed, params: later })).toBe(false);
  });
});

describe('keys', () => {
  test('an old key goes on to vouch for what names it, beside the new one', () => {
    expect(isAuthentic(ring(KEY, OTHER), signed())).toBe(true);
    expect(isAuthentic(ring(KEY, OTHER), signed(armed, OTHER))).toBe(true);
  });

  test('a lost key vouches for nothing, nor does another under its name', () => {
    expect(isAuthentic(ring(OTHER), signed())).toBe(false);
    expect(isAuthentic(ring({ ...OTHER, id: 'k1' }), signed())).toBe(false);
  });

  test.each([undefined, '', 'm1', 'm1.k1.', `m2${signed().params.mac?.slice(2)}`, 'm1.__proto__.x', 'k1:ab'])(
    '%j is no MAC',
    (mac) => {
      const { mac: _, ...rest } = signed().params;
      const given = mac === undefined ? rest : { ...rest, mac };
      expect(isAuthentic(ring(KEY), { ...armed, params: given })).toBe(false);
    },
  );
});

type Path = readonly string[];

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, item]) => pathsIn(item, [...path, name]));
}

function changed(value: LaunchParams, path: Path, leaf: unknown): LaunchParams {
  const copy = structuredClone(value) as unknown as Record<string, unknown>;
  let place = copy;
  for (const name of path.slice(0, -1)) place = place[name] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  if (leaf === undefined) delete place[last];
  else place[last] = leaf;
  return copy as unknown as LaunchParams;
}
