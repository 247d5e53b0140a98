import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { createPostgresStore } from '../../../src/gateway/store/postgresStore.ts';
import { silentLogger } from '../../support/base/silentLogger.ts';

const PERIOD_MS = 30_000;
const BATCH_MS = 1_000;

/** Stands in for agents and gateways: it writes into the database what a gateway would. */
export interface Heartbeats {
  /** The environment was fetched, and the first heartbeat came. */
  begin(workspaces: readonly Workspace[]): Promise<void>;
  stop(): Promise<void>;
}

export function startHeartbeats(databaseURL: string): Heartbeats {
  const store = createPostgresStore({ databaseURL, logger: silentLogger(), timeoutMs: 30_000 });
  const live: { uid: string; number: number; env: string }[] = [];
  let seq = 0;
  let at = 0;
  const record = (some: typeof live) =>
    store.recordHeartbeats(
      some.map((it) => ({ ...it, boot: 1, seq, timeoutMs: 90_000, agent: '1', acknowledged: true })),
    );
  let running: Promise<unknown> | undefined;
  // Apart from the heartbeats: on a busy machine these come late, and without a gateway all evidence would be judged again.
  const beats = setInterval(() => void store.gatewayUp().catch(() => undefined), BATCH_MS);
  const timer = setInterval(() => {
    running ??= beat().finally(() => {
      running = undefined;
    });
  }, BATCH_MS);
  async function beat(): Promise<void> {
    const share = Math.ceil((live.length * BATCH_MS) / PERIOD_MS);
    seq += 1;
    if (share > 0) await record(live.slice(at, at + share));
    at = at + share >= live.length ? 0 : at + share;
  }
  return {
    async begin(workspaces) {
      const known = new Set(live.map(({ uid }) => uid));
      const fresh = workspaces.flatMap(({ metadata: { uid }, status }) => {
        const env = status?.desired?.env;
        const number = status?.launch?.number;
        return known.has(uid) || env === undefined || number === undefined ? [] : [{ uid, number, env }];
      });
      for (const it of fresh) await store.recordServed(it, it.env);
      seq += 1;
      for (let from = 0; from < fresh.length; from += 500) await record(fresh.slice(from, from + 500));
      live.push(...fresh);
    },
    async stop() {
      clearInterval(beats);
      clearInterval(timer);
      await running;
      await store.close();
    },
  };
}
