import { expect, test } from 'vitest';
import { silentLogger } from '../../../test/support/base/silentLogger.ts';
import type { KubeObject } from '../client/client.ts';
import { createRuntimeMetrics } from '../serve/metrics.ts';
import { createIntake } from './intake.ts';
import { createStore } from './store.ts';

const at = (resourceVersion: string, uid = 'uid-a'): KubeObject => ({
  metadata: { name: 'a', namespace: 'team', uid, resourceVersion },
});

function setUp() {
  const store = createStore<KubeObject>();
  const decoded: string[] = [];
  const decode = (object: unknown) => {
    decoded.push((object as KubeObject).metadata.resourceVersion);
    return object as KubeObject;
  };
  const metrics = createRuntimeMetrics();
  const intake = createIntake({ store, decode, metrics }, silentLogger(), { name: 'things' });
  return { store, decoded, intake };
}

test('the watch’s echo of a write is not decoded again, and moves the store on all the same', () => {
  const { store, decoded, intake } = setUp();
  intake.list([at('5')], '5', false);
  store.applyWrite(at('7'));
  intake.event({ type: 'MODIFIED', object: at('7') });
  expect(decoded).toEqual(['5']);
  expect(store.resourceVersion()).toBe('7');
});

test('what differs from the version held is decoded: a newer one, another object of that name, and a deletion', () => {
  const { store, decoded, intake } = setUp();
  intake.list([at('5')], '5', false);
  intake.event({ type: 'MODIFIED', object: at('6') });
  intake.event({ type: 'ADDED', object: at('8', 'uid-b') });
  expect(store.get('team/a')?.metadata.uid).toBe('uid-b');
  intake.event({ type: 'DELETED', object: at('8', 'uid-b') });
  expect(store.get('team/a')).toBeUndefined();
  expect(decoded).toEqual(['5', '6', '8', '8']);
});
