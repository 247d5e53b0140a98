import { EventEmitter } from 'node:events';
import { Registry } from 'prom-client';
import { API_VERSION } from '../../../src/api/base/meta.ts';
import { type Workspace, workspaceSpec, workspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { createGatewayMetrics } from '../../../src/gateway/base/metrics.ts';
import { createBoard } from '../../../src/gateway/fleet/board.ts';
import type { Scope } from '../../../src/gateway/fleet/scope.ts';
import type { Outlet } from '../../../src/gateway/fleet/stream.ts';
import { createWatches, type WatchLimits } from '../../../src/gateway/fleet/watches.ts';
import type { LaunchRecord } from '../../../src/gateway/store/heartbeatStore.ts';
import { seededRandom } from '../base/seededRandom.ts';
import { silentLogger } from '../base/silentLogger.ts';
import { createVirtualClock } from '../base/virtualClock.ts';

/** A client of a watch whose reading the test controls. */
export class FakeOutlet extends EventEmitter {
  text = '';
  destroyed = false;
  isEnded = false;
  /** Whether it reads: one that doesn't takes one more piece, as a socket's buffer does. */
  reads = true;
  writeHead() {
    return this;
  }
  write(text: string): boolean {
    this.text += text;
    return this.reads;
  }
  end(text: string) {
    this.text += text;
    this.isEnded = true;
    queueMicrotask(() => this.emit('close'));
    return this;
  }
  destroy() {
    this.destroyed = true;
    queueMicrotask(() => this.emit('close'));
    return this;
  }
  /** The events so far; `workspace` and `gone` with the name, `end` with its reason. */
  events(): string[] {
    return this.text.split('\n\n').flatMap((block) => {
      const [, name = ''] = /^event: (\w+)$/m.exec(block) ?? [];
      const [, data = '{}'] = /^data: (.*)$/m.exec(block) ?? [];
      const said = JSON.parse(data);
      return name === ''
        ? []
        : [[name, said.name ?? said.reason, said.availability].filter(Boolean).join(' ')];
    });
  }
  lastID(): string | undefined {
    return [...this.text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1];
  }
  outlet(): Outlet {
    return this as unknown as Outlet;
  }
}

/** Workspaces, evidence and watches in virtual time. */
export function createFleetScene(limits: WatchLimits = { total: 4, perGroup: 2 }) {
  const clock = createVirtualClock();
  const random = seededRandom(1);
  const workspaces = new Map<string, Workspace>();
  const listeners = new Set<(event: { object: Workspace }) => void>();
  const evidence = new Map<string, LaunchRecord>();
  const reads = { count: 0, away: false };
  const read = async () => {
    reads.count += 1;
    if (reads.away) throw new Error('away');
    return { rows: [...evidence.values()], cursor: '1', gatewayUp: true, gatewayUpMs: 3_600_000 };
  };
  const registry = new Registry();
  const metrics = createGatewayMetrics(registry);
  const board = createBoard({
    workspaces: {
      get: (key) => workspaces.get(key),
      byIndex: (_name, uid) => [...workspaces.values()].filter(({ metadata }) => metadata.uid === uid),
      keys: () => [...workspaces.keys()],
      onChange(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    classes: { get: () => undefined },
    store: { readAll: read, transitions: read },
    clock,
    random,
    logger: silentLogger(),
  });
  const watches = createWatches({ board, clock, random, limits, metrics });
  const publish = (object: Workspace) => {
    for (const listener of listeners) listener({ object });
  };

  /** Ready while `fresh`, silent otherwise, booting without. */
  function put(key: string, fresh?: boolean, state = 'running'): void {
    const [namespace = '', name = ''] = key.split('/');
    const uid = `uid-${key}`;
    const workspace: Workspace = {
      apiVersion: API_VERSION,
      kind: 'Workspace',
      metadata: { namespace, name, uid, resourceVersion: '1' },
      spec: workspaceSpec.parse({ className: 'standard' }),
      status: workspaceStatus.parse({
        launch: {
          number: 1,
          generation: 1,
          phase: 'Submitted',
          ...(fresh !== undefined && { readyAt: '2026-01-01T00:00:00.000Z' }),
        },
        instance: { id: 'i-1', state },
      }),
    };
    workspaces.set(key, workspace);
    if (fresh !== undefined)
      evidence.set(key, {
        uid,
        number: 1,
        fresh,
        reports: 0,
        acknowledged: true,
        version: `${fresh} ${clock.monotonic()}`,
      });
    publish(workspace);
  }

  async function watch(
    scope: Partial<Scope> = {},
    over: { from?: string; group?: string; review?: () => Promise<void>; reads?: boolean } = {},
  ): Promise<FakeOutlet> {
    const client = new FakeOutlet();
    client.reads = over.reads ?? true;
    const served = watches.serve({
      outlet: client.outlet(),
      scope: { namespace: '', name: '', ...scope },
      from: over.from,
      group: over.group ?? 'caller one',
      review: over.review ?? (async () => undefined),
      taken: () => undefined,
    });
    await Promise.all([clock.settle(), served]);
    await clock.settle();
    return client;
  }

  return {
    clock,
    board,
    watches,
    reads,
    registry,
    put,
    watch,
    remove(key: string) {
      const workspace = workspaces.get(key);
      workspaces.delete(key);
      if (workspace) publish(workspace);
    },
    async close() {
      watches.stop();
      const stopped = board.stop();
      await clock.advance(10_000);
      await stopped;
    },
  };
}
