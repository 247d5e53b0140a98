import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { monoMs } from '../../../../test/support/base/moments.ts';
import { recordingLogger } from '../../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../../test/support/base/virtualClock.ts';
import { classOf, factsOf, launchOf, statusOf } from '../../../../test/support/workspace/facts.ts';
import { keysWith } from '../../../../test/support/workspace/keys.ts';
import type { LaunchParams, Workspace } from '../../../api/kinds/workspace.ts';
import type { KubeObject, ListOptions, Resource, WriteOptions } from '../../../controller/client/client.ts';
import { ApiError } from '../../../controller/client/errors.ts';
import { parseScope } from '../../../controller/client/scope.ts';
import { AGENT_LABEL, nameOf } from '../../../gateway/served/keptTexts.ts';
import { createUserDataCollector } from './userDataCollector.ts';
import { createUserDataStore } from './userDataStore.ts';

const HOUR = 3_600_000;
type ConfigMap = KubeObject & { data: { content: string } };

const AGENT = '#!/bin/sh\n';

/** A cluster of ConfigMaps, Workspaces and classes in memory, with the store and its collector, in virtual time. */
function setUp(options: { caBundle?: string } = {}) {
  const clock = createVirtualClock();
  const { logger, lines } = recordingLogger();
  const configMaps = new Map<string, ConfigMap>();
  const workspaces: Workspace[] = [];
  /** What the API server has and the cache has not yet. */
  const unseen: unknown[] = [];
  const scripts = new Set<string>();
  const asked: string[] = [];
  const state = { held: true, heldBundles: [] as string[], onDelete: async () => undefined as unknown };
  const fail = (status: number) =>
    new ApiError('GET', '/x', {
      status,
      body: { kind: 'Status', reason: status === 404 ? 'NotFound' : 'AlreadyExists' },
    });
  const kube = {
    async get<T extends KubeObject>(_resource: Resource, name: string) {
      const found = configMaps.get(name);
      if (!found) throw fail(404);
      return found as unknown as T;
    },
    async create<T extends KubeObject>(_resource: Resource, body: unknown) {
      const made = body as ConfigMap;
      if (configMaps.has(made.metadata.name)) throw fail(409);
      configMaps.set(made.metadata.name, made);
      return made as unknown as T;
    },
    async list<T extends KubeObject>({ plural }: Resource, list?: ListOptions) {
      asked.push(`list ${plural}${list?.labelSelector ? ` ${list.labelSelector}` : ''}`);
      const isSelected = (it: ConfigMap) =>
        Object.entries(it.metadata.labels ?? {}).some(
          ([key, value]) => `${key}=${value}` === list?.labelSelector,
        );
      const items =
        plural === 'configmaps' ? [...configMaps.values()].filter(isSelected) : [...workspaces, ...unseen];
      return { items: items as unknown as T[], resourceVersion: '1' };
    },
    async delete(_resource: Resource, name: string, _namespace?: string, write?: WriteOptions) {
      write?.beforeSend?.();
      asked.push('delete');
      await state.onDelete();
      configMaps.delete(name);
    },
  };
  const userData = createUserDataStore({
    kube,
    namespace: 'workspace-system',
    clusterID: 'c',
    keys: keysWith(['k1'], () => Buffer.alloc(32)),
    gatewayURL: 'https://gateway',
    caBundle: () => options.caBundle,
    agentScript: AGENT,
  });
  const collector = createUserDataCollector({
    kube,
    namespace: 'workspace-system',
    scope: parseScope(undefined),
    workspaces: { list: () => workspaces },
    classes: { list: () => [...scripts].map((script) => classOf({ userData: script })) },
    userData,
    lease: {
      held: () => state.held,
      term: () => (state.held ? { id: 't', acquiredAt: monoMs(0) } : undefined),
    },
    heldBundles: async () => state.heldBundles,
    clock,
    logger,
    retentionMs: HOUR,
  });
  return {
    clock,
    collector,
    userData,
    configMaps,
    workspaces,
    unseen,
    scripts,
    asked,
    state,
    lines,
    /** But the agent of this release, which every launch names. */
    contents: () => {
      const all = [...configMaps.values()].map(({ data }) => data.content);
      return all.filter((content) => content !== AGENT).sort();
    },
  };
}

function launched(source: LaunchParams['userData']): Workspace {
  const { params } = launchOf();
  const launch = launchOf(params && { params: { ...params, userData: source } });
  return factsOf({ status: statusOf({ launch }) }).workspace;
}

test('a text that no class and no launch refers to goes after the retention, and not before', async () => {
  const { clock, collector, userData, contents, lines } = setUp();
  await userData.userDataFor('echo old');
  collector.start();
  await clock.advance(HOUR - 1);
  expect(contents()).toEqual(['echo old']);
  await clock.advance(HOUR / 6);
  expect(contents()).toEqual([]);
  expect(lines.filter(({ event }) => event === 'user-data.collected')).toHaveLength(1);
  await collector.stop();
});

test('what a class has, what the gateway’s bundle is and what a launch was made with stay for ever', async () => {
  const { clock, collector, userData, workspaces, scripts, contents, asked } = setUp({ caBundle: 'bundle' });
  scripts.add('echo class');
  await userData.userDataFor('echo class');
  workspaces.push(launched(await userData.userDataFor('echo launched')));
  collector.start();
  await clock.advance(10 * HOUR);
  expect(contents()).toEqual(['bundle', 'echo class', 'echo launched']);
  // Nothing is asked while nothing is due.
  expect(asked).toEqual([
    'list configmaps compute.molecule.ai/kind=user-data',
    'list configmaps compute.molecule.ai/kind=agent',
  ]);
  await collector.stop();
});

test('a CA bundle that no launch was made with stays while one that is heard holds it', async () => {
  const { clock, collector, configMaps, state } = setUp();
  const content = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const digest = createHash('sha256').update(content).digest('hex');
  const name = nameOf(digest);
  const labels = { 'compute.molecule.ai/kind': 'user-data' };
  configMaps.set(name, { metadata: { name, labels }, data: { content } } as never);
  state.heldBundles = [digest, 'f'.repeat(64)];
  collector.start();
  await clock.advance(10 * HOUR);
  expect([...configMaps.keys()]).toContain(name);
  state.heldBundles = [];
  await clock.advance(2 * HOUR);
  expect([...configMaps.keys()]).not.toContain(name);
  await collector.stop();
});

test('the agent of another release stays as long as a launch names it, and goes after the retention', async () => {
  const { clock, collector, userData, configMaps, workspaces } = setUp();
  const ours = await userData.userDataFor(undefined);
  const content = '#!/bin/sh\n# another release\n';
  const agentDigest = createHash('sha256').update(content).digest('hex');
  const name = nameOf(agentDigest);
  configMaps.set(name, { metadata: { name, labels: AGENT_LABEL }, data: { content } } as never);
  workspaces.push(launched({ ...ours, agentDigest }));
  collector.start();
  await clock.advance(10 * HOUR);
  expect(configMaps.size).toBe(2);
  workspaces.pop();
  await clock.advance(2 * HOUR);
  expect([...configMaps.values()].map(({ data }) => data.content)).toEqual([AGENT]);
  await collector.stop();
});

test('what was out of use for less than the retention at a time is never due', async () => {
  const { clock, collector, userData, scripts, contents } = setUp();
  await userData.userDataFor('echo back and forth');
  collector.start();
  for (let times = 0; times < 5; times += 1) {
    await clock.advance(0.8 * HOUR);
    scripts.add('echo back and forth');
    await clock.advance(0.4 * HOUR);
    scripts.clear();
  }
  expect(contents()).toEqual(['echo back and forth']);
  await collector.stop();
});

test('the API server has the last word on what is in use; a status that can not be read keeps all', async () => {
  const { clock, collector, userData, unseen, contents, asked } = setUp();
  unseen.push(launched(await userData.userDataFor('echo unseen')));
  collector.start();
  await clock.advance(2 * HOUR);
  expect(contents()).toEqual(['echo unseen']);
  unseen.splice(0, 1, { status: { launch: { params: { userData: { classDigest: 7 } } } } });
  await clock.advance(2 * HOUR);
  expect(contents()).toEqual(['echo unseen']);
  expect(asked).not.toContain('delete');
  unseen.splice(0);
  await clock.advance(HOUR);
  expect(contents()).toEqual([]);
  await collector.stop();
});

test('one that is wanted again while it is being removed is kept again', async () => {
  const { clock, collector, userData, scripts, state, contents } = setUp();
  await userData.userDataFor('echo again');
  let again: Promise<unknown> = Promise.resolve();
  state.onDelete = async () => {
    scripts.add('echo again');
    again = userData.userDataFor('echo again');
    await clock.settle();
  };
  collector.start();
  await clock.advance(1.5 * HOUR);
  await again;
  expect(contents()).toEqual(['echo again']);
  await collector.stop();
});

test('only the leader removes anything, and a new term begins the retention again', async () => {
  const { clock, collector, userData, state, contents } = setUp();
  await userData.userDataFor('echo old');
  collector.start();
  await clock.advance(0.9 * HOUR);
  await collector.stop();
  state.held = false;
  collector.start();
  await clock.advance(3 * HOUR);
  expect(contents()).toEqual(['echo old']);
  await collector.stop();
  state.held = true;
  collector.start();
  await clock.advance(0.9 * HOUR);
  expect(contents()).toEqual(['echo old']);
  await clock.advance(0.3 * HOUR);
  expect(contents()).toEqual([]);
  await collector.stop();
});

test('what another leader may have removed meanwhile is kept again in the next term', async () => {
  const { userData, configMaps, contents } = setUp();
  await userData.userDataFor('echo a');
  configMaps.clear();
  userData.trustNothing();
  await userData.userDataFor('echo a');
  expect(contents()).toEqual(['echo a']);
});

test('the texts of a class that is edited again and again do not stay in memory, and are found all the same', async () => {
  const scene = setUp();
  const first = await scene.userData.userDataFor('#!/bin/sh\necho 0');
  let reads = 0;
  const { configMaps } = scene;
  const stored = configMaps.get.bind(configMaps);
  configMaps.get = (name) => {
    reads += 1;
    return stored(name);
  };
  for (let edit = 1; edit <= 100; edit += 1) await scene.userData.userDataFor(`#!/bin/sh\necho ${edit}`);
  const render = { uid: 'uid-1', number: 1, userData: first };
  expect(await scene.userData.renderUserData(render)).toContain('echo 0');
  expect(reads).toBe(1);
  expect(await scene.userData.renderUserData(render)).toContain('echo 0');
  expect(reads).toBe(1);
});
