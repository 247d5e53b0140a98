import { objectKey } from '../../../dev/apiserver/storage/store.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import type { Scene } from '../scene/scene.ts';
import { type Mishap, pick, type Weighted } from './weighted.ts';

/** Keys of the operator: those that environments are compared under, and the one that launches are signed with. */
const KEYS = ['workspace-operator-keys', 'workspace-operator-launch-keys'];

/** Somebody deletes a Secret of the operator's, or puts back an older one. */
export function keyMishaps({ api, random }: Pick<Scene, 'api' | 'random'>): Weighted<Mishap> {
  const kept = new Map<string, JsonObject>();
  const place = (name: string) => ['secrets', objectKey(OPERATOR_NAMESPACE, name)] as const;
  return [
    [
      4,
      () => {
        const name = pick(random, KEYS);
        const present = api.state.get(...place(name));
        const older = kept.get(name);
        const choice = random.next();
        if (present && choice < 0.3) {
          kept.set(name, structuredClone(present));
          return `the Secret ${name} is kept`;
        }
        if (older && choice < 0.6) {
          if (present) api.state.remove(...place(name));
          const { resourceVersion: _, ...metadata } = older.metadata as Record<string, unknown>;
          api.state.put(...place(name), structuredClone({ ...older, metadata }) as JsonObject);
          return `an older Secret ${name} is put back`;
        }
        if (!present) return undefined;
        api.state.remove(...place(name));
        return `the Secret ${name} is deleted`;
      },
    ],
  ];
}
