import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scene } from '../../scenarios/scene/scene.ts';
import { gather, provisionsEach, rotate } from '../../scenarios/steps/stormStory.ts';

const SPEED = 20;
const COUNT = 40;

describe('forty Workspaces share a Secret', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await gather(COUNT, SPEED, 20);
  });
  afterAll(() => scene.close());

  test('it is rotated: each is replaced exactly once, eight at a time at most', async () => {
    await rotate(scene, SPEED, 'second');
    expect(provisionsEach(scene)).toEqual(Array.from({ length: COUNT }, () => 2));
  });

  test('it is rotated again midway: none is replaced twice for the same content, none is left behind', async () => {
    await rotate(scene, SPEED, 'third', 'fourth');
    const each = provisionsEach(scene);
    expect(Math.min(...each)).toBe(3);
    expect(Math.max(...each)).toBe(4);
  });
});
