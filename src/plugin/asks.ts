import { iso, type WallMs } from '../controller/lib/time.ts';
import { type Kubectl, WORKSPACES } from './base/kubectl.ts';
import type { SeenWorkspace } from './views/seen.ts';

interface Ask {
  /** For the help. */
  what: string;
  spec(now: WallMs): Record<string, unknown>;
  /** What follows, for the person who asked. */
  said(workspace: SeenWorkspace): string;
}

/** What a person asks of one Workspace: each sets one field of its spec, and the operator does the rest. */
export const ASKS = {
  restart: {
    what: 'Asks for a new instance, once',
    spec: (now) => ({ requests: { restart: iso(now) } }),
    said: ({ spec }) =>
      spec.paused
        ? 'A restart is asked for; it follows once the Workspace is resumed.'
        : spec.operatingMode === 'Stopped'
          ? 'A restart is asked for; the Workspace is stopped, so its next start makes a new instance.'
          : 'A restart is asked for: a new instance follows the present one.',
  },
  stop: {
    what: 'Stops the instance; the class says whether its disk stays',
    spec: () => ({ operatingMode: 'Stopped' }),
    said: () => 'It is to stop.',
  },
  start: {
    what: 'Starts it again',
    spec: () => ({ operatingMode: 'Running' }),
    said: ({ spec }) =>
      `It is to run${spec.paused ? '; it is paused, so nothing happens until it is resumed' : ''}.`,
  },
  pause: {
    what: 'Has the operator observe and change nothing',
    spec: () => ({ paused: true }),
    said: () => 'It is paused: the operator observes it and changes nothing.',
  },
  resume: {
    what: 'Ends a pause',
    spec: () => ({ paused: false }),
    said: () => 'It is resumed: what was asked for meanwhile follows.',
  },
} as const satisfies Readonly<Record<string, Ask>>;

/** @throws KubectlError */
export async function ask(
  kubectl: Kubectl,
  name: string,
  ask: Ask,
  now: WallMs,
): Promise<{ namespace?: string; said: string }> {
  const patch = JSON.stringify({ spec: ask.spec(now) });
  const args = ['patch', WORKSPACES, name, '--type=merge', `--patch=${patch}`];
  const workspace = await kubectl.get<SeenWorkspace>(args);
  const { namespace } = workspace.metadata;
  return { ...(namespace !== undefined && { namespace }), said: ask.said(workspace) };
}
