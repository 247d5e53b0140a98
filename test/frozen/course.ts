import { expect } from 'vitest';
import type { Scene } from '../simulator/scene.ts';
import type { Frozen } from './frozen.ts';
import { createHands, type Hands } from './hands.ts';
import { createJudge } from './judge.ts';
import { begin, type Operator } from './operator.ts';
import { conditionOf } from './stage.ts';
import { revive } from './world.ts';

/** Another than any that is recorded with: what is sent again must not depend on it. */
const CA_BUNDLE = '-----BEGIN CERTIFICATE-----\nYW5vdGhlcg==\n-----END CERTIFICATE-----\n';

export interface Course {
  scene: Scene;
  hands: Hands;
}

/** Ends the operator, does something to what it left, and starts another. */
export interface Break {
  everySeconds: number;
  meanwhile(scene: Scene): void;
}

/** Has an operator of this release live through what the file says, and checks what it must come to. */
export async function follow(frozen: Frozen, pause?: Break): Promise<Course> {
  const world = await revive(frozen);
  const { scene } = world;
  const hands = createHands(scene);
  await hands.do({ conditions: frozen.conditions });
  const judge = createJudge(world, hands);
  let operator: Operator = begin(scene, CA_BUNDLE);

  async function pass(seconds: number): Promise<void> {
    const stretch = pause?.everySeconds ?? seconds;
    for (let left = seconds; left > 0; left -= stretch) {
      await scene.clock.advance(Math.min(left, stretch) * 1_000);
      if (!pause) continue;
      operator.kill();
      pause.meanwhile(scene);
      operator = begin(scene, CA_BUNDLE);
    }
  }

  for (const step of frozen.course) {
    for (const deed of step.deeds ?? []) await hands.do(deed);
    await pass(step.seconds);
    const names = Object.keys(step.ends);
    const outcome = await judge.look(names);
    const told = `${step.about}\n${await states(hands, names)}`;
    expect(outcome.ends, told).toEqual(step.ends);
    expect(nonZero(outcome.provisions), told).toEqual(nonZero(step.provisions ?? {}));
    expect(outcome.altered, `${told}\nsent again, and otherwise`).toEqual([]);
    for (const name of step.replays ?? []) expect(outcome.replays, told).toContain(name);
    if (step.quiet && !pause) expect(outcome.writes, `${told}\nwrites`).toBe(0);
    expect(operator.refused, 'the API server refused').toEqual([]);
  }
  return { scene, hands };
}

function nonZero(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** What the failure shows. */
async function states(hands: Hands, names: readonly string[]): Promise<string> {
  const lines = await Promise.all(
    names.map(async (name) => {
      const { status } = (await hands.read(name)) ?? {};
      const ready = conditionOf({ status } as never, 'Ready');
      return `${name}: launch ${status?.launch?.number} ${status?.launch?.phase}, ${ready?.reason}: ${ready?.message}`;
    }),
  );
  return lines.join('\n');
}
