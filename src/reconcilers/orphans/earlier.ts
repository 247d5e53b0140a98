import { keyOf } from '../../controller/cache/store.ts';
import { type ObservedInstance, TAG } from '../../ec2/calls/port.ts';
import type { OrphanVerdict } from './decide/judge.ts';

/** A live instance that an earlier Workspace of the same name launched. */
export interface EarlierInstance {
  id: string;
  /** The uid of that Workspace. */
  uid: string;
  heartbeats: boolean;
}

/** Earlier selves by the key (`namespace/name`) that their instances are tagged with. */
export interface EarlierSelves {
  replace(orphans: readonly { instance: ObservedInstance; verdict: OrphanVerdict }[]): void;
  /** Undefined before the first look. */
  of(key: string): readonly EarlierInstance[] | undefined;
  clear(): void;
}

export function createEarlierSelves(onChange: (key: string) => void): EarlierSelves {
  let byKey: ReadonlyMap<string, readonly EarlierInstance[]> | undefined;
  return {
    replace(orphans) {
      const next = new Map<string, EarlierInstance[]>();
      for (const { instance, verdict } of orphans) {
        const { [TAG.uid]: uid, [TAG.namespace]: namespace, [TAG.name]: name } = instance.tags;
        if (uid === undefined || namespace === undefined || name === undefined) continue;
        const key = keyOf(namespace, name);
        next.set(key, [
          ...(next.get(key) ?? []),
          { id: instance.id, uid, heartbeats: verdict === 'Heartbeating' },
        ]);
      }
      for (const list of next.values()) list.sort((a, b) => (a.id < b.id ? -1 : 1));
      const before = byKey;
      byKey = next;
      for (const key of new Set([...(before?.keys() ?? []), ...next.keys()])) {
        if (JSON.stringify(before?.get(key)) !== JSON.stringify(next.get(key))) onChange(key);
      }
    },
    of: (key) => byKey && (byKey.get(key) ?? []),
    clear() {
      byKey = undefined;
    },
  };
}
