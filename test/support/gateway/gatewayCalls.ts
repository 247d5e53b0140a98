import type { Workspace, WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { type HeartbeatStore, StoreUnavailable } from '../../../src/gateway/store/heartbeatStore.ts';
import { type GatewayFixture, UID } from './gateway.ts';

/** A change of a Workspace before it is put. */
export type Change = (workspace: Workspace, status: WorkspaceStatus) => void;

/** Changes the launch of a status. */
export function launch(change: Partial<NonNullable<WorkspaceStatus['launch']>>): Change {
  return (_workspace, status) => {
    if (status.launch) Object.assign(status.launch, change);
  };
}

export const deleting: Change = ({ metadata }) => {
  metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
};

/** A store that is away as long as the switch says so. */
export function switchable(away: { now: boolean }) {
  return (store: HeartbeatStore): HeartbeatStore =>
    new Proxy(store, {
      get(target, property, receiver) {
        if (!away.now) return Reflect.get(target, property, receiver);
        return () => Promise.reject(new StoreUnavailable('the database answered ECONNREFUSED'));
      },
    });
}

/** What an instance, a reporter and a poller send, without a socket. `fixture` is asked for at each call. */
export function createCalls(fixture: () => GatewayFixture) {
  const post = (url: string, payload: object | string, headers: Record<string, string> = {}) =>
    fixture().gateway.inject({ method: 'POST', url, payload, headers });
  const bootstrap = (over: Record<string, unknown> = {}, headers: Record<string, string> = {}) => {
    const body = { uid: UID, number: 1, ticket: fixture().ticket(), ...fixture().identity(), ...over };
    return post('/v1/bootstrap', body, headers);
  };
  return {
    post,
    bootstrap,
    get: (url: string, headers: Record<string, string> = {}) => fixture().gateway.inject({ url, headers }),
    /** The session credential of a first bootstrap. */
    async credential(): Promise<string> {
      return (await bootstrap()).json().credential;
    },
    heartbeat(session: string, over: Record<string, unknown> = {}) {
      const env = fixture().workspaces.get('team/ada')?.status?.desired?.env;
      const body = { number: 1, boot: 1, seq: 1, env, ...over };
      return post('/v1/heartbeat', body, { authorization: `Bearer ${session}` });
    },
  };
}
