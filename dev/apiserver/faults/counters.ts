import type { JsonValue } from '../values/kinds.ts';

/** What a call was, as far as counters and faults tell calls apart. */
export interface CallInfo {
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  verb: string;
  /** `workspaces.compute.molecule.ai`, `secrets`; a path such as `/version` for what isn't a resource. */
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** The product alone: `kubectl/v1.32.4`. */
  userAgent: string;
}

export type CallKey = Pick<CallInfo, 'verb' | 'resource' | 'subresource' | 'namespace' | 'userAgent'>;
export type CallCount = CallKey & { count: number };

export interface Counters {
  /** How many calls there were that agree with every field given. */
  total(match?: Partial<CallKey>): number;
  /** Calls that change something, but for those to the resources named. */
  writes(except?: readonly string[]): number;
  rows(): CallCount[];
  reset(): void;
  count(call: CallInfo): void;
}

const reading: readonly string[] = ['get', 'list', 'watch'];

export function createCounters(): Counters {
  let counts = new Map<string, CallCount>();
  const rows = (): CallCount[] => [...counts.values()];
  const sum = (counted: CallCount[]): number => counted.reduce((total, { count }) => total + count, 0);
  return {
    total: (match = {}) =>
      sum(
        rows().filter((row) =>
          Object.entries(match).every(([key, value]) => row[key as keyof CallKey] === value),
        ),
      ),
    writes: (except = []) =>
      sum(rows().filter(({ verb, resource }) => !reading.includes(verb) && !except.includes(resource))),
    rows,
    reset: () => {
      counts = new Map();
    },
    count({ verb, resource, subresource, namespace, userAgent }) {
      const key = `${verb} ${resource} ${subresource} ${namespace} ${userAgent}`;
      const row = counts.get(key) ?? { verb, resource, subresource, namespace, userAgent, count: 0 };
      counts.set(key, { ...row, count: row.count + 1 });
    },
  };
}

export function countersJson(counters: Counters): JsonValue {
  return { calls: counters.rows().map((row) => ({ ...row })) };
}
