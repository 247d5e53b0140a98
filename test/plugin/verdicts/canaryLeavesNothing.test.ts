import { expect, test } from 'vitest';
import { createVirtualClock } from '../../support/base/virtualClock.ts';
import { type Answer, playKubectl, refuse } from '../playedKubectl.ts';
import { playCanary } from './playedCanary.ts';

const HOUR_MS = 3_600_000;
const FORBIDDEN = refuse('Error from server (Forbidden): workspaces "canary-1" is forbidden');
const AWAY = refuse('Unable to connect to the server: dial tcp: connection refused');

function settled(name: string): object {
  const conditions = ['Ready', 'UpToDate'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
  }));
  return {
    metadata: { name, namespace: 'team' },
    spec: { className: 'standard' },
    status: { conditions, provisions: 1, launch: { number: 1 } },
  };
}

/** A run in which the Workspace exists from its creation until kubectl deletes it. */
async function ran(changed: Record<string, Answer>, failedDeletions = 0) {
  const clock = createVirtualClock();
  let [exists, deletions] = [false, 0];
  const kubectl = playKubectl({
    create: () => {
      exists = true;
      return '';
    },
    patch: '',
    get: () => (exists ? settled('canary-1') : ''),
    ...changed,
    delete: () => {
      deletions += 1;
      if (deletions <= failedDeletions) AWAY();
      exists = false;
      return '';
    },
  });
  const { done, told } = playCanary(kubectl, clock, { limitMs: 60_000, watchMs: 10_000 });
  await clock.advance(HOUR_MS);
  await done.catch((error: unknown) => error);
  return { exists, told };
}

test.each<[string, Record<string, Answer>, number]>([
  ['the change is refused, as by a policy', { patch: FORBIDDEN }, 0],
  ['it may be created and not looked at', { get: FORBIDDEN }, 0],
  ['the first request to delete it is lost', {}, 1],
  ['the API server is away for a minute when it is to be deleted', {}, 15],
  ['the change fails, and then the first request to delete it is lost', { patch: AWAY }, 1],
])('no Workspace of a canary stays where %s', async (_what, changed, failedDeletions) => {
  const { exists, told } = await ran(changed, failedDeletions);
  expect(exists, told.join('\n')).toBe(false);
});
