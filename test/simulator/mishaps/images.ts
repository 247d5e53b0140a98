import type { WorkspaceClass } from '../../../src/api/kinds/workspaceClass.ts';
import type { Scene } from '../scene/scene.ts';
import { PARAMETER } from '../scene/shape.ts';

type Terms = WorkspaceClass['spec']['images'];

/** Images of the account; agents of a broken one never start. */
export interface Images {
  /** @returns the id of a new one */
  release(isBroken: boolean): string;
  /** The same terms, without a broken image. */
  repaired(terms: Terms): Terms;
  /** Where the SSM parameter points is moved to a new one. */
  publish(isBroken: boolean): string;
}

export function createImages({ service: { cloud }, agents }: Pick<Scene, 'service' | 'agents'>): Images {
  const { images, ssmParameters } = cloud.account;
  const broken = new Set<string>();
  cloud.lifecycle.subscribe(({ id, imageID }, state) => {
    if (state === 'pending' && broken.has(imageID)) agents.controls.hold(id, true);
  });

  function release(isBroken: boolean): string {
    const [first] = images;
    if (!first) throw new Error('the account has no image');
    const id = `ami-${cloud.hex()}`;
    images.push({ ...first, id, name: `workspace-${images.length}` });
    if (isBroken) broken.add(id);
    return id;
  }

  return {
    release,
    publish(isBroken) {
      const id = release(isBroken);
      ssmParameters[PARAMETER] = id;
      return id;
    },
    repaired(terms) {
      if (broken.has(ssmParameters[PARAMETER] ?? '')) ssmParameters[PARAMETER] = release(false);
      return terms.map((term) =>
        term.id !== undefined && broken.has(term.id) ? { ...term, id: release(false) } : term,
      );
    },
  };
}
