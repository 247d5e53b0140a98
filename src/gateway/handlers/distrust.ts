import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import type { GatewayParts } from '../http/parts.ts';

/** How long the same is not logged and stored again, ms: a client that distrusts the gateway tries again every few seconds. */
const QUIET_MS = 60_000;
const MOST_NOTES = 1_000;

/** What is known of an address, and of the launch that it identifies. */
interface Note {
  /** Monotonic, ms. */
  at: number;
  /** `failed` is tried again at the next handshake. */
  stored: 'no' | 'yes' | 'failed';
}

/**
 * Notes that a client ended its handshake because it distrusts the gateway's certificate. An instance at its first boot
 * has no agent yet that could report it, and no session: only its address identifies it. If that is the address
 * of one booting instance alone, its Workspace shows it. Behind NAT or a balancer only the metric and the log do.
 */
export function createDistrustNotes(parts: GatewayParts, clock: Clock): (address: string) => void {
  /** By address and launch, so that an address which identifies another one is news; the longest ago first. */
  const notes = new Map<string, Note>();

  /** The note of the last minute, and whether it is a new one. */
  function noteOf(key: string): [Note, isNew: boolean] {
    const now = clock.monotonic();
    const before = notes.get(key);
    if (before !== undefined && now - before.at < QUIET_MS) return [before, false];
    const note: Note = { at: now, stored: 'no' };
    notes.delete(key);
    notes.set(key, note);
    const [oldest] = notes.keys();
    if (notes.size > MOST_NOTES && oldest !== undefined) notes.delete(oldest);
    return [note, true];
  }

  return (address) => {
    parts.metrics.distrusted.inc();
    const booting = parts.workspaces.byIndex('address', address).filter(isBooting);
    const workspace = booting.length === 1 ? booting[0] : undefined;
    const launch = workspace && {
      uid: workspace.metadata.uid,
      number: workspace.status?.launch?.number ?? 0,
    };
    const [note, isNew] = noteOf(launch ? `${address} ${launch.uid} ${launch.number}` : address);
    if (isNew)
      parts.logger.warn(
        { event: 'gateway.handshake_refused', address, ...(workspace && describe(workspace)) },
        'a client distrusts this gateway’s certificate: the CA bundle that it holds does not match',
      );
    if (!launch || note.stored === 'yes') return;
    const isRetry = note.stored === 'failed';
    note.stored = 'yes';
    parts.store.recordTrouble(launch, 'GatewayDistrusted').catch((error: Error) => {
      note.stored = 'failed';
      if (isRetry) return;
      parts.logger.warn({ ...describe(workspace), cause: error.message }, 'distrust not stored');
    });
  };
}

/** Its launch's own instance has not been heard yet. Once it was, its agent reports distrust itself. */
function isBooting({ status }: Workspace): boolean {
  const { launch, instance } = status ?? {};
  return (
    launch?.phase === 'Submitted' &&
    launch.readyAt === undefined &&
    launch.ended === undefined &&
    launch.instanceID !== undefined &&
    launch.instanceID === instance?.id
  );
}

function describe({ metadata: { namespace, name }, status }: Workspace) {
  return { namespace, name, number: status?.launch?.number };
}
