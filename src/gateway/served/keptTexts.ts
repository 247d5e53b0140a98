import type { Resource } from '../../controller/client/client.ts';

export const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };

/** Label of the ConfigMaps that hold texts from which user data is rendered. */
export const USER_DATA_LABEL = { 'compute.molecule.ai/kind': 'user-data' };
/** Label of those that hold an agent: gateways serve these to everyone, and never a class's script. */
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
