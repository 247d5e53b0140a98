import type { Registry } from '../cluster/registry.ts';
import type { JsonObject, JsonValue } from '../values/kinds.ts';
import { apiAggregated, apiGroup, apiRoot, apisAggregated, apisRoot, resourceList } from './discovery.ts';
import { openapiV3Document, openapiV3Index } from './openapi.ts';
import { OPENAPI_V2_PROTOBUF, openapiV2, openapiV2Protobuf } from './openapiV2.ts';

const version = {
  major: '1',
  minor: '35',
  gitVersion: 'v1.35.0+workspace-dev',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2025-12-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Found {
  status: number;
  headers: Record<string, string>;
  body: JsonValue;
}

function found(body: JsonObject | undefined, contentType?: string): Found | undefined {
  if (body === undefined) return undefined;
  return { status: 200, headers: contentType === undefined ? {} : { 'content-type': contentType }, body };
}

/** What isn't a resource: health, version, discovery and schemas. undefined for anything else. */
export function discover(registry: Registry, path: string, accept: string): Found | undefined {
  const kinds = registry.kinds();
  const parts = path.split('/').filter((part) => part !== '');
  const [root = '', second = '', third = '', fourth = ''] = parts;
  const aggregated = accept.includes('as=APIGroupDiscoveryList') && accept.includes('v=v2');
  switch (root) {
    case 'healthz':
    case 'readyz':
    case 'livez':
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' };
    case 'version':
      return found(version);
    case 'api':
      if (second !== '') return found(resourceList('', second, kinds));
      return aggregated ? found(apiAggregated(kinds), aggregatedType) : found(apiRoot());
    case 'apis':
      if (third !== '') return found(resourceList(second, third, kinds));
      if (second !== '') return found(apiGroup(second, kinds));
      return aggregated ? found(apisAggregated(kinds), aggregatedType) : found(apisRoot(kinds));
    case 'openapi':
      if (second === 'v2') {
        return accept.includes('protobuf')
          ? { status: 200, headers: { 'content-type': OPENAPI_V2_PROTOBUF }, body: openapiV2Protobuf() }
          : found(openapiV2());
      }
      if (second !== 'v3') return undefined;
      if (third === '') return found(openapiV3Index(kinds));
      return third === 'api'
        ? found(openapiV3Document('', fourth, kinds))
        : found(openapiV3Document(fourth, parts[4] ?? '', kinds));
    default:
      return undefined;
  }
}
