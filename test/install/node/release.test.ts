import { afterAll, beforeAll } from 'vitest';
import { describeOnNode } from './bed/bed.ts';
import { drains } from './parts/drain.ts';
import { freshInstalls, install } from './parts/install.ts';
import { networkPolicies } from './parts/policies.ts';
import { scenarios } from './parts/scenarios.ts';
import { uninstalls } from './parts/uninstall.ts';
import { upgrades } from './parts/upgrade.ts';
import { createNodeScene, type NodeScene } from './scene.ts';

// One release from its install to its end, in the order in which people come to each part: an install for each would take
// a third of the time of all. Each part finds the values of the chart as they are in `scene.values`.
describeOnNode('a release', () => {
  let scene: NodeScene;
  beforeAll(async () => {
    scene = await createNodeScene(({ values }) => install(3, values));
  });
  afterAll(() => scene?.close());
  const sceneOf = () => scene;

  freshInstalls(sceneOf);
  networkPolicies(sceneOf);
  scenarios(sceneOf);
  upgrades(sceneOf);
  drains(sceneOf);
  uninstalls(sceneOf);
});
