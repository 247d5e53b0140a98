import type { JsonObject, KindInfo } from '../values/kinds.ts';

type Kinds = readonly KindInfo[];

const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];
const emptyMeta: JsonObject = {};

/** `GET /api` for clients that don't ask for aggregated discovery. */
export function apiRoot(): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [],
  };
}

/** `GET /api` as apidiscovery.k8s.io/v2. */
export function apiAggregated(kinds: Kinds): JsonObject {
  return discoveryList(kinds, ['']);
}

/** `GET /apis` as apidiscovery.k8s.io/v2. */
export function apisAggregated(kinds: Kinds): JsonObject {
  return discoveryList(kinds, groupsOf(kinds));
}

/** `GET /apis`: an APIGroupList. */
export function apisRoot(kinds: Kinds): JsonObject {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupsOf(kinds).map((group) => describe(group, kinds)),
  };
}

/** `GET /apis/GROUP`: an APIGroup; undefined when no kind is in it. */
export function apiGroup(group: string, kinds: Kinds): JsonObject | undefined {
  if (group === '' || !groupsOf(kinds).includes(group)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...describe(group, kinds) };
}

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`: an APIResourceList; undefined when no kind is in it. */
export function resourceList(group: string, version: string, kinds: Kinds): JsonObject | undefined {
  const here = inVersion(group, version, kinds);
  if (here.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: here.flatMap((kind) => [
      resource(kind),
      ...(kind.statusSubresource ? [statusResource(kind)] : []),
    ]),
  };
}

function groupsOf(kinds: Kinds): string[] {
  return [...new Set(kinds.map((kind) => kind.group))].filter((group) => group !== '').sort();
}

/** Stable versions first, then beta, then alpha, the newest of each first (apimachinery, version.CompareKubeAwareVersionStrings). */
function versionsOf(group: string, kinds: Kinds): string[] {
  const versions = new Set(kinds.filter((kind) => kind.group === group).map((kind) => kind.version));
  return [...versions].sort((a, b) => compareRank(rank(a), rank(b)) || a.localeCompare(b));
}

function rank(version: string): [number, number, number] {
  const [, major, stage, minor] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  if (major === undefined) return [3, 0, 0];
  const stability = stage === undefined ? 0 : stage === 'beta' ? 1 : 2;
  return [stability, -Number(major), -Number(minor ?? 0)];
}

function compareRank(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function inVersion(group: string, version: string, kinds: Kinds): KindInfo[] {
  return kinds.filter((kind) => kind.group === group && kind.version === version);
}

function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

function describe(group: string, kinds: Kinds): JsonObject {
  const versions = versionsOf(group, kinds).map((version) => ({
    groupVersion: groupVersion(group, version),
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] ?? null };
}

function resource(kind: KindInfo): JsonObject {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
}

function statusResource(kind: KindInfo): JsonObject {
  return {
    name: `${kind.plural}/status`,
    singularName: '',
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: SUBRESOURCE_VERBS,
  };
}

function discoveryList(kinds: Kinds, groups: string[]): JsonObject {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? emptyMeta : { name: group },
      versions: versionsOf(group, kinds).map((version) => ({
        version,
        resources: inVersion(group, version, kinds).map(discovered),
        freshness: 'Current',
      })),
    })),
  };
}

function discovered(kind: KindInfo): JsonObject {
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind };
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.statusSubresource
      ? { subresources: [{ subresource: 'status', responseKind, verbs: SUBRESOURCE_VERBS }] }
      : {}),
  };
}
