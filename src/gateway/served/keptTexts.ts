import type { Resource } from '../../controller/client/client.ts';

export const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };

/** What the ConfigMaps are found by that hold texts which user data is rendered from. */
export const USER_DATA_LABEL = { 'compute.molecule.ai/kind': 'user-data' };
/** Those that hold an agent: gateways serve them to everyone, and a class's script to nobody. */
export const AGENT_LABEL = { 'compute.molecule.ai/kind': 'agent' };

/** Selects what has all these labels. */
export function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join();
}

/** The ConfigMap that holds the text with this digest (SHA-256, hex). */
export function nameOf(digest: string): string {
  return `workspace-user-data-${digest.slice(0, 32)}`;
}
