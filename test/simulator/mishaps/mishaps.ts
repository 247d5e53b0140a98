import type { Operators } from '../scene/operators.ts';
import type { People } from '../scene/people.ts';
import type { Scene } from '../scene/scene.ts';
import type { Shape } from '../scene/shape.ts';
import { cloudMishaps } from './cloudMishaps.ts';
import { clusterMishaps } from './clusterMishaps.ts';
import { keyMishaps } from './keyMishaps.ts';
import { queueMishaps } from './queueMishaps.ts';
import { statusEdits } from './statusEdits.ts';
import { type Mishap, upTo, type Weighted, weighted } from './weighted.ts';

/** One thing that goes wrong, within what the protocol claims to survive; returns what. */
export function createMishaps(
  scene: Scene,
  operators: Operators,
  people: People,
  shape: Shape,
  mostLateMs: number,
): () => string {
  const { clock, random, store } = scene;
  const some = (most: number) => upTo(random, most);
  const ofProcesses: Weighted<Mishap> = [
    [
      6,
      () => {
        operators.strikeSoon(1 + some(40), random.next() < 0.5 ? 'before' : 'after');
        return 'an operator is to die soon';
      },
    ],
    [
      2,
      () => {
        operators.freeze(5_000 + some(40_000));
        return 'an operator stands still';
      },
    ],
    [
      1,
      () => {
        store.away(true);
        clock.setTimeout(() => store.away(false), 5_000 + some(60_000));
        return 'the database goes away';
      },
    ],
  ];
  const all = [
    ...ofProcesses,
    ...cloudMishaps(scene, shape, mostLateMs),
    ...clusterMishaps(scene, people),
    ...(shape.hasQueue ? queueMishaps(scene) : []),
    ...(shape.losesKeys ? keyMishaps(scene) : []),
    ...(shape.releases ? [[4, () => operators.takeTurns()] as const] : []),
    ...(shape.editsStatuses ? statusEdits(scene, people) : []),
  ];
  return () => weighted(random, all)() ?? 'nothing';
}
