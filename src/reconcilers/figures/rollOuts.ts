import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { Fleet } from '../fleet/fleet.ts';

/** What the roll-out of each class comes to. */
export function* rollOuts(
  classes: Pick<Store<WorkspaceClass>, 'list'>,
  fleet: Pick<Fleet, 'of'>,
): Iterable<{ name: string; rolling: number; isHalted: boolean }> {
  for (const { metadata, status } of classes.list()) {
    const { name } = metadata;
    const isHalted = status?.conditions?.some(({ reason }) => reason === 'RolloutHalted') ?? false;
    yield { name, rolling: fleet.of(name)?.standing.rolling ?? 0, isHalted };
  }
}
