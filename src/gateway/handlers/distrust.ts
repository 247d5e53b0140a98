import type { Workspace } from '../../api/kinds/workspace.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import type { GatewayParts } from '../http/parts.ts';

/** How long an address is not looked up and logged again, ms: a client that distrusts the gateway tries again every few seconds. */
const QUIET_MS = 60_000;
const MOST_ADDRESSES = 1_000;

/**
 * Notes that a client ended its handshake because it distrusts the gateway's certificate. An instance at its first boot
 * has no agent yet that could report it, and no session: only its address identifies it. If that is the address
 * of one booting instance alone, its Workspace shows it. Behind NAT or a balancer only the metric and the log do.
 */
export function createDistrustNotes(parts: GatewayParts, clock: Clock): (address: string) => void {
  /** When each address was last noted, monotonic ms; the longest ago first. */
  const loggedAt = new Map<string, number>();

  function isNews(address: string): boolean {
    const now = clock.monotonic();
    const before = loggedAt.get(address);
    if (before !== undefined && now - before < QUIET_MS) return false;
    loggedAt.delete(address);
    loggedAt.set(address, now);
    const [oldest] = loggedAt.keys();
    if (loggedAt.size > MOST_ADDRESSES && oldest !== undefined) loggedAt.delete(oldest);
    return true;
  }

  return (address) => {
    parts.metrics.distrusted.inc();
    if (!isNews(address)) return;
    const booting = parts.workspaces.byIndex('address', address).filter(isBooting);
    const [workspace] = booting;
    const alone = workspace !== undefined && booting.length === 1;
    parts.logger.warn(
      { event: 'gateway.handshake_refused', address, ...(alone && describe(workspace)) },
      'a client distrusts this gateway’s certificate: the CA bundle that it holds does not match',
    );
    if (!alone) return;
    const launch = { uid: workspace.metadata.uid, number: workspace.status?.launch?.number ?? 0 };
    parts.store.recordTrouble(launch, 'GatewayDistrusted').catch((error: Error) => {
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
