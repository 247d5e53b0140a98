import type { Code } from '../../frozen/operator.ts';
import { loadCode, readSchemas, releases } from '../../frozen/releases.ts';
import type { Scene } from './scene.ts';

/** An earlier release of the operator. */
export interface Release {
  code: Code;
  /** Stores everything as its definitions would have it, without what they do not know. */
  prune(scene: Pick<Scene, 'api'>): void;
}

/** The newest that is frozen. */
export async function earlierRelease(): Promise<Release> {
  const release = releases.toSorted().at(-1);
  if (release === undefined) throw new Error('no release is frozen');
  const schemas = readSchemas({ release, name: '' });
  return {
    code: await loadCode(release),
    prune({ api: { state } }) {
      for (const [storage, schema] of schemas)
        for (const [key, object] of state.list(storage)) state.put(storage, key, schema.admit(object).object);
    },
  };
}
