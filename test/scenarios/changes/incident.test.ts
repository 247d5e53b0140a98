import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Operator } from '../../../src/operator/operator.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { expectIncidentReported, playIncident } from '../steps/incidentStory.ts';

describe('the incident: one secret changed, four reports that it is dead', () => {
  let scene: Scene;
  let operator: Operator;
  beforeAll(async () => {
    scene = await createScene();
    operator = await scene.start();
  });
  afterAll(() => scene.close());

  test('one change is one provision, and the reports are counted and dropped', () =>
    playIncident(scene, () => expectIncidentReported(scene, operator)));
});
