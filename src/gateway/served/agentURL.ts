import type { Workspace } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';

/** Nothing that two readers could take for two hosts: no user, no backslash, no address written in another way. */
const PLAIN = /^https?:\/\/([a-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#][^\\]*)?$/i;

/**
 * The URL that an agent reports, if the gateway may pass it on: http or https, to the address that EC2 gave its instance
 * or to a name that its class allows. Pollers and proxies send their own credentials there, so an instance must not direct
 * them to another Workspace, to instance metadata or out of the network.
 */
export function agentURL(
  said: string,
  { metadata, status }: Workspace,
  klass: WorkspaceClass | undefined,
): string | undefined {
  const host = PLAIN.exec(said)?.[1]?.toLowerCase();
  if (host === undefined || !URL.canParse(said) || new URL(said).hostname !== host) return undefined;
  const patterns = klass?.spec.agentHosts ?? [];
  const allowed =
    host === status?.instance?.privateIP || patterns.some((pattern) => matches(pattern, host, metadata));
  return allowed ? said : undefined;
}

/** A name of the class, in which `{name}` and `{namespace}` are the Workspace's; a leading `*.` is one label. */
function matches(pattern: string, host: string, { name, namespace }: Workspace['metadata']): boolean {
  const wanted = pattern.replaceAll('{name}', name).replaceAll('{namespace}', namespace).toLowerCase();
  if (!wanted.startsWith('*.')) return host === wanted;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === wanted.slice(1);
}
