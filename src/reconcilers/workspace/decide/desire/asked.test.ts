import { describe, expect, test } from 'vitest';
import { classOf, factsOf, launchOf, statusOf } from '../../../../../test/support/workspace/facts.ts';
import { termDigest } from '../../../../api/edits/groupTerms.ts';
import type { Launch, WorkspaceStatus } from '../../../../api/kinds/workspace.ts';
import { workspaceSpec } from '../../../../api/kinds/workspace.ts';
import type { WorkspaceClassStatus } from '../../../../api/kinds/workspaceClassStatus.ts';
import { classPart, machineDigest } from '../../../../api/launch/machine.ts';
import { machineAsked } from './asked.ts';

type ClassSpec = Parameters<typeof classOf>[0];

const own = workspaceSpec.parse({ className: 'standard' });
const digest = (spec: ClassSpec = {}) => machineDigest(own, classOf(spec).spec);
const LARGER = { rootVolume: { sizeGiB: 60 } };

/** What is asked of a Workspace that was launched under one class spec, once the class has another. */
function asked(
  launched: ClassSpec,
  now: ClassSpec,
  more: { launch?: Partial<Launch>; status?: Partial<WorkspaceClassStatus>; desired?: string } = {},
): string {
  const machine = more.launch?.machine ?? digest(launched);
  const launch = launchOf({ ...more.launch, machine });
  const base = statusOf({ launch });
  const desired = {
    ...(base.desired as NonNullable<WorkspaceStatus['desired']>),
    machine: more.desired ?? machine,
  };
  const klass = classOf(now);
  return machineAsked(factsOf({ status: { ...base, desired } }).workspace, {
    ...klass,
    status: { observedGeneration: 1, ...more.status },
  });
}

describe('while what was launched meets the specs, its own digest is asked for', () => {
  test('after an edit that it meets', () => {
    expect(asked({}, { rootVolume: { sizeGiB: 20 }, tags: { a: 'b' } })).toBe(digest());
  });

  test('once an edit that it does not meet is taken back', () => {
    expect(asked({}, {}, { desired: digest(LARGER) })).toBe(digest());
  });
});

test('an edit that what was launched does not meet is asked for', () => {
  expect(asked({}, LARGER)).toBe(digest(LARGER));
});

describe('an image that a launch took before the class’s status showed it', () => {
  const automatic = { imageUpdatePolicy: 'Automatic' } as const;
  const shown = (id: string) => [{ architecture: 'x86_64' as const, id }];
  const of = (spec: ClassSpec, id: string) => machineDigest(own, classOf(spec).spec, shown(id));
  const { params } = launchOf();
  const launch = { machine: of(automatic, 'ami-old'), params: params && { ...params, imageID: 'ami-new' } };
  const ask = (spec: ClassSpec, id: string) =>
    asked(automatic, spec, { launch, status: { resolvedImages: shown(id) } });

  test('is recorded once the status shows it, as its digest would ask for the older one for ever', () => {
    expect(ask(automatic, 'ami-old')).toBe(of(automatic, 'ami-old'));
    expect(ask(automatic, 'ami-new')).toBe(of(automatic, 'ami-new'));
  });

  test('is recorded with the terms that it was launched with, where it meets an edit of them', () => {
    expect(ask({ ...automatic, tags: { a: 'b' } }, 'ami-new')).toBe(of(automatic, 'ami-new'));
  });

  test('does not hide a still newer one', () => {
    expect(ask(automatic, 'ami-newest')).toBe(of(automatic, 'ami-newest'));
  });
});

describe('a digest that another release made in its own way', () => {
  const launch = { machine: 'm9:other:function' };

  test('alone is no change', () => {
    expect(asked({}, {}, { launch })).toBe('m9:other:function');
  });

  test('hides no edit that comes with that release', () => {
    expect(asked({}, LARGER, { launch })).toBe(digest(LARGER));
  });

  test('lets a look-up replace nothing', () => {
    const terms = { securityGroups: [{ tags: { a: 'b' } }] };
    const found = [{ term: termDigest({ tags: { a: 'b' } }), ids: ['sg-9'] }];
    const status = { securityGroups: { terms: found, contents: [] } };
    expect(asked(terms, terms, { launch, status })).toBe('m9:other:function');
  });
});

test('the digest of the same specs that is on record stays on record', () => {
  expect(asked({}, LARGER, { desired: digest(LARGER) })).toBe(digest(LARGER));
});

test('what is not launched yet takes what is asked for, and what is closed what is on record', () => {
  const waiting = { phase: 'Waiting' as const, machine: undefined, params: undefined };
  const workspace = factsOf({
    status: statusOf({ launch: { ...launchOf(), ...waiting } }),
  }).workspace;
  expect(machineAsked(workspace, classOf(LARGER))).toBe(digest(LARGER));
  const desired = digest({ rootVolume: { sizeGiB: 40 } });
  expect(asked({}, LARGER, { launch: { phase: 'Closed' }, desired })).toBe(desired);
});

describe('terms of security groups', () => {
  type Term = { id: string } | { tags: Record<string, string> };
  const [A, B, C] = [{ tags: { a: '1' } }, { tags: { b: '1' } }, { tags: { c: '1' } }] as const;
  const of = (...securityGroups: Term[]) => ({ securityGroups });
  const select = (term: { tags: Record<string, string> }, ids: string[], more?: string[]) => ({
    term: termDigest(term),
    ids,
    ...(more && { more }),
  });
  const known = (terms: ReturnType<typeof select>[], ...specs: Record<string, unknown>[]) => ({
    status: {
      securityGroups: {
        terms,
        contents: specs.map((spec) => ({
          content: classPart(digest(spec)),
          terms: classOf(spec).spec.securityGroups.map(termDigest),
        })),
      },
    },
  });
  const groups = (...securityGroupIDs: string[]): { launch: Partial<Launch> } => {
    const { params } = launchOf();
    return { launch: { params: params && { ...params, securityGroupIDs } } };
  };

  test('that are added are undecided until they are looked up, and nothing follows yet', () => {
    expect(asked(of(A), of(A, B))).toBe(digest(of(A)));
    expect(asked(of(A), of(A, B), known([select(A, ['sg-1'])], of(A)))).toBe(digest(of(A)));
  });

  test.each([
    ['the same group is met', ['sg-1'], of(A)],
    ['another group is an edit', ['sg-2'], of(A, B)],
    ['another group besides is an edit', ['sg-1', 'sg-2'], of(A, B)],
  ])('one that is added and selects %s', (_what, ids, expected) => {
    const more = known([select(A, ['sg-1']), select(B, ids)], of(A));
    expect(asked(of(A), of(A, B), more)).toBe(digest(expected));
  });

  test.each([
    ['an earlier look-up', ['sg-1']],
    ['a later look-up', ['sg-1', 'sg-3']],
  ])('that were not edited are not judged: one that is added is met by the groups of %s', (_what, made) => {
    const more = {
      ...known([select(A, ['sg-1'], ['sg-3']), select(B, ['sg-1'])], of(A)),
      ...groups(...made),
    };
    expect(asked(of(A), of(A, B), more)).toBe(digest(of(A)));
  });

  test('that were not edited are not judged by another edit either', () => {
    const tagged = { ...of(A), tags: { x: 'y' } };
    const more = {
      ...known([select(A, ['sg-1'], ['sg-3'])], of(A), tagged),
      ...groups('sg-1', 'sg-2', 'sg-3'),
    };
    expect(asked(of(A), tagged, more)).toBe(digest(of(A)));
  });

  test.each([
    ['nothing else selects is an edit', ['sg-2'], of(A)],
    ['another term selects is met', ['sg-1'], of(A, B)],
  ])('one that is removed whose group %s', (_what, ids, expected) => {
    const more = {
      ...known([select(A, ['sg-1']), select(B, ids)], of(A, B)),
      ...groups(...new Set(['sg-1', ...ids])),
    };
    expect(asked(of(A, B), of(A), more)).toBe(digest(expected));
  });

  test('one that replaces another is undecided until it is looked up', () => {
    const before = known([select(A, ['sg-1']), select(B, ['sg-2'])], of(A, B));
    const made = groups('sg-1', 'sg-2');
    expect(asked(of(A, B), of(A, C), { ...before, ...made })).toBe(digest(of(A, B)));
    const after = known([select(A, ['sg-1']), select(B, ['sg-2']), select(C, ['sg-2'])], of(A, B));
    expect(asked(of(A, B), of(A, C), { ...after, ...made })).toBe(digest(of(A, B)));
  });

  test('of a class that is not on record any more are judged whole', () => {
    const more = known([select(A, ['sg-1'], ['sg-3']), select(B, ['sg-2'])]);
    const met = [
      ['sg-1', 'sg-2'],
      ['sg-1', 'sg-2', 'sg-3'],
    ];
    for (const made of met)
      expect(asked(of(A), of(A, B), { ...more, ...groups(...made) })).toBe(digest(of(A)));
    const unmet = [['sg-1'], ['sg-1', 'sg-2', 'sg-9']];
    for (const made of unmet)
      expect(asked(of(A), of(A, B), { ...more, ...groups(...made) })).toBe(digest(of(A, B)));
  });

  test('by ids need no look-up', () => {
    const ids = (...all: string[]) => of(...all.map((id) => ({ id })));
    expect(asked(of(A), ids('sg-1'))).toBe(digest(of(A)));
    expect(asked(of(A), ids('sg-1', 'sg-2'))).toBe(digest(ids('sg-1', 'sg-2')));
  });
});

test('another edit is not held up by groups that can’t be looked up', () => {
  const both = { ...LARGER, securityGroups: [{ tags: { a: 'b' } }] };
  expect(asked({}, both)).toBe(digest(both));
});
