import { describe, expect, test } from 'vitest';
import { API_VERSION } from '../../src/api/base/meta.ts';
import { workspaceSpec } from '../../src/api/kinds/workspace.ts';
import { launchOf, statusOf } from '../../test/support/workspace/facts.ts';
import type { Books } from './books.ts';
import { faultsOf, type Outcome } from './verdict.ts';

function booksOf(provisions: number, terminations: number, live: string[]): Books {
  const at = '2026-01-01T00:00:00Z';
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `i-${index + 1}`);
  return {
    provisions: ids(provisions).map((instanceID) => ({
      instanceID,
      clientToken: undefined,
      tags: {},
      instanceType: 'm7i.large',
      zone: 'a',
      at,
    })),
    terminations: ids(terminations).map((instanceID) => ({ instanceID, tags: {}, at })),
    live,
  };
}

function outcomeOf(more: Partial<Outcome> = {}): Outcome {
  return {
    before: booksOf(1, 0, ['i-1']),
    after: booksOf(2, 1, ['i-2']),
    reports: { sent: 4, dropped: 4, forwarded: 0 },
    workspace: {
      apiVersion: API_VERSION,
      kind: 'Workspace',
      metadata: { name: 'ada', namespace: 'default', uid: 'u', resourceVersion: '1' },
      spec: workspaceSpec.parse({ className: 'standard' }),
      status: statusOf({ launch: launchOf({ number: 2 }), provisions: 2 }),
    },
    restartNote: 'restarted: SecretChanged',
    generations: { before: 2, after: 2 },
    ...more,
  };
}

describe("the demo's verdict", () => {
  test('one change, one provision: nothing to say', () => {
    expect(faultsOf(outcomeOf())).toEqual([]);
  });

  test.each<[string, Partial<Outcome>, RegExp]>([
    ['a provision too many', { after: booksOf(3, 1, ['i-2']) }, /made 2 provisions/],
    ['none at all', { after: booksOf(1, 1, ['i-2']) }, /made 0 provisions/],
    ['an instance that was not ended', { after: booksOf(2, 0, ['i-1', 'i-2']) }, /made 0 terminations/],
    ['another instance than the one named', { after: booksOf(2, 1, ['i-9']) }, /live instances: i-9/],
    ['a probe that was content', { reports: { sent: 3, dropped: 3, forwarded: 0 } }, /3 probes reported/],
    ['a report that was acted on', { reports: { sent: 4, dropped: 3, forwarded: 1 } }, /1 as acted on/],
    ['an agent left in the dark', { restartNote: undefined }, /never learned why/],
    ['the same content as a change', { generations: { before: 2, after: 3 } }, /generation 2 → 3/],
  ])('%s is wrong', (_, more, fault) => {
    expect(faultsOf(outcomeOf(more)).join('\n')).toMatch(fault);
  });
});
