import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import { createStore } from '../../../src/controller/cache/store.ts';
import type { KubeClient, KubeObject } from '../../../src/controller/client/client.ts';
import { ApiError } from '../../../src/controller/client/errors.ts';
import type { EventRecorder } from '../../../src/controller/events/events.ts';
import type { ReconcileContext } from '../../../src/controller/loop/controller.ts';
import type { Ec2Calls, Instance, ObservedInstance } from '../../../src/ec2/calls/port.ts';
import { createOfferingMemory } from '../../../src/ec2/launch/offerings.ts';
import type { LaunchEvidence } from '../../../src/gateway/store/evidence.ts';
import { createContentNames } from '../../../src/reconcilers/fleet/contentNames.ts';
import { createFleet } from '../../../src/reconcilers/fleet/fleet.ts';
import type { WorkspaceDeps } from '../../../src/reconcilers/workspace/context/deps.ts';
import { createSecretReads } from '../../../src/reconcilers/workspace/context/secretReads.ts';
import { readSecret } from '../../../src/reconcilers/workspace/observe/readSecret.ts';
import { recordingLogger } from '../base/silentLogger.ts';
import { createVirtualClock } from '../base/virtualClock.ts';
import { merge } from '../cluster/mergePatch.ts';
import { CLUSTER, TIMING } from './facts.ts';
import { keysWith } from './keys.ts';
import { createOpenLines } from './lines.ts';

type EventInput = Parameters<EventRecorder['record']>[0];

/** One thing that went out of the process, in order. */
export type Sent = { to: 'kube' | 'ec2'; what: string; body?: unknown };

/** A reconciler's whole surroundings in memory; one list records each call that leaves. */
export function createSurroundings(options: { keys?: readonly string[] } = {}) {
  const clock = createVirtualClock({ monotonic: 10_000_000 });
  const { logger, lines } = recordingLogger();
  const sent: Sent[] = [];
  const events: EventInput[] = [];
  const instances: ObservedInstance[] = [];
  const followed = new Map<string, readonly string[]>();
  const launches: LaunchEvidence[] = [];
  const secretData = new Map<string, Record<string, string>>();
  const lease = {
    heldNow: true,
    term: { id: 'term-1', acquiredAt: 0 } as { id: string; acquiredAt: number } | undefined,
  };
  const workspaces = createStore<Workspace>();
  const classes = createStore<WorkspaceClass>();
  const secrets = createStore<KubeObject>();
  const keyIDs = options.keys ?? ['k1'];
  const keys = keysWith(keyIDs, (kind, id) => Buffer.from(`${kind}-${id}`));
  let version = 100;

  /** What the next status or finalizer write runs into instead of being stored. */
  let refuseWrite: ((what: string, name: string) => void) | undefined;
  let answerRun: (() => Instance) | undefined;

  const kube: Pick<KubeClient, 'get' | 'mergePatch'> = {
    async get<T extends KubeObject>(resource: { plural: string }, name: string, namespace?: string) {
      sent.push({ to: 'kube', what: `get ${resource.plural} ${namespace}/${name}` });
      const data = secretData.get(`${namespace}/${name}`);
      if (!data) throw new ApiError('GET', `/${resource.plural}/${name}`, { status: 404 });
      const encoded = Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(value).toString('base64'),
      ]);
      const metadata = { name, namespace, uid: name, resourceVersion: '1' };
      return { metadata, data: Object.fromEntries(encoded) } as unknown as T;
    },
    async mergePatch<T extends KubeObject>(
      _resource: unknown,
      target: { name: string; namespace?: string; subresource?: 'status' },
      patch: unknown,
      write?: { beforeSend?: () => void },
    ) {
      write?.beforeSend?.();
      const what = target.subresource ?? 'object';
      sent.push({ to: 'kube', what: `patch ${what}`, body: patch });
      refuseWrite?.(what, target.name);
      const held = workspaces.get(`${target.namespace}/${target.name}`);
      version += 1;
      const merged = merge(held, patch) as Workspace;
      return {
        ...merged,
        metadata: { ...merged.metadata, resourceVersion: String(version) },
      } as unknown as T;
    },
  };

  const call = async <T>(
    what: string,
    body: unknown,
    beforeSend: (() => void) | undefined,
    answer: () => T,
  ) => {
    beforeSend?.();
    sent.push({ to: 'ec2', what, body });
    return answer();
  };
  const consoles = new Map<string, string>();
  const calls: Partial<Ec2Calls> = {
    runInstances: (request, sending) =>
      call(request.dryRun ? 'DryRun' : 'RunInstances', request, sending?.beforeSend, () => {
        if (!answerRun) throw new Error('the test gives no answer to RunInstances');
        return answerRun();
      }),
    terminateInstances: (ids, sending) =>
      call('TerminateInstances', ids, sending?.beforeSend, () => undefined),
    stopInstances: (ids, sending) => call('StopInstances', ids, sending?.beforeSend, () => undefined),
    startInstances: (ids, sending) => call('StartInstances', ids, sending?.beforeSend, () => undefined),
    getConsoleOutput: (id) => call('GetConsoleOutput', id, undefined, () => consoles.get(id) ?? ''),
  };

  const deps = {
    clusterID: CLUSTER,
    kube,
    workspaces,
    classes,
    secrets,
    secretReads: createSecretReads({
      secrets,
      clock,
      readSecret: (namespace, name) => readSecret(kube, namespace, name),
    }),
    namespaces: createStore<KubeObject>(),
    fleet: createFleet({
      workspaces,
      classes,
      names: createContentNames(keys),
      onClass: () => undefined,
      onPlace: () => undefined,
    }),
    cloud: {
      lastSweep: () => ({ begunAt: clock.monotonic(), endedAt: clock.monotonic() }),
      ofWorkspace: () => instances,
      get: (id: string) => instances.find((instance) => instance.id === id),
      notFound: () => undefined,
      note: (instance: Instance) => void instances.push({ ...instance, missing: false }),
      follow: (uid: string, ids: readonly string[]) => void followed.set(uid, ids),
    },
    calls,
    lines: createOpenLines(),
    resolver: {
      resolve: () => Promise.reject(new Error('the test resolves no class')),
      peek: () => undefined,
    },
    offerings: createOfferingMemory({ clock }),
    evidence: {
      available: () => true,
      missing: () => undefined,
      availableSince: () => 0,
      ofWorkspace: () => launches,
    },
    massSilence: () => false,
    earlierSelves: () => [],
    keys,
    launchKeys: keys,
    lease: { held: () => lease.heldNow, term: () => lease.term },
    events: { record: (event: EventInput) => void events.push(event), stop: () => Promise.resolve() },
    wake: () => undefined,
    clock,
    timing: TIMING,
    userDataFor: () => Promise.resolve({ stub: 1, gatewayURL: 'https://gateway', ticketKey: 'k1' }),
    renderUserData: () => Promise.resolve('#!/bin/sh'),
  };

  const abort = new AbortController();
  const context: ReconcileContext = { reconcileID: 'pass-1', signal: abort.signal, logger };
  return {
    // What no test here reaches is not there.
    deps: deps as unknown as WorkspaceDeps,
    clock,
    lines,
    sent,
    events,
    instances,
    followed,
    launches,
    secretData,
    consoles,
    lease,
    abort,
    context,
    refuseWrites(refuse: ((what: string, name: string) => void) | undefined) {
      refuseWrite = refuse;
    },
    answerRuns(answer: () => Instance) {
      answerRun = answer;
    },
    /** Puts an object into the store as the API server would have it. */
    store(workspace: Workspace): Workspace {
      const stored = decodeWorkspace(JSON.parse(JSON.stringify(workspace)));
      workspaces.applyWrite(stored);
      return stored;
    },
    storeSecret(name: string, resourceVersion: string, data: Record<string, string> | undefined): void {
      const metadata = { name, namespace: 'default', uid: name, resourceVersion };
      if (data) {
        secretData.set(`default/${name}`, data);
        secrets.applyWrite({ metadata });
      } else {
        secretData.delete(`default/${name}`);
        secrets.applyDelete({ metadata });
      }
    },
  };
}

export type Surroundings = ReturnType<typeof createSurroundings>;
