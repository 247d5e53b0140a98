import { expect } from 'vitest';
import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Frozen, Step } from '../frozen.ts';
import { begin, type Code, type Operator } from '../operator.ts';
import { createHands, type Hands } from './hands.ts';
import { createJudge, type Outcome } from './judge.ts';
import { conditionOf } from './stage.ts';
import { revive, type World } from './world.ts';

/** Another than any that is recorded with: what is sent again must not depend on it. */
const CA_BUNDLE = '-----BEGIN CERTIFICATE-----\nYW5vdGhlcg==\n-----END CERTIFICATE-----\n';

/** Operators of these releases take turns. */
export interface Turns {
  codes: readonly [Code, ...Code[]];
  /** How long each turn is, in seconds; begins again at its end. */
  lengths: readonly [number, ...number[]];
  /** Before the first one begins. */
  start?(world: World): void;
  /** Between the end of one and the begin of the next. */
  between?(world: World): Promise<void>;
}

export interface Course {
  world: World;
  hands: Hands;
  /** Checks everything that must hold at the end of a step. */
  check(step: Step): Promise<void>;
  take(code: Code): Promise<void>;
}

/** Has operators live through what the file says, and checks what it must come to. */
export async function follow(frozen: Frozen, turns: Turns): Promise<Course> {
  const { codes, lengths } = turns;
  const world = await revive(frozen);
  const { scene } = world;
  const hands = createHands(scene);
  await hands.do({ conditions: frozen.conditions });
  const judge = createJudge(world, frozen, hands);
  turns.start?.(world);
  let operator: Operator = begin(world, codes[0], CA_BUNDLE);
  let [turn, left] = [0, lengths[0]];

  async function take(code: Code): Promise<void> {
    operator.kill();
    expect(operator.refused, 'the API server refused').toEqual([]);
    await turns.between?.(world);
    operator = begin(world, code, CA_BUNDLE);
  }

  async function pass(seconds: number): Promise<void> {
    for (let toGo = seconds; toGo > 0; ) {
      const stretch = Math.min(toGo, left);
      await scene.clock.advance(stretch * 1_000);
      [toGo, left] = [toGo - stretch, left - stretch];
      if (left > 0) continue;
      turn += 1;
      left = lengths[turn % lengths.length] ?? lengths[0];
      await take(codes[turn % codes.length] ?? codes[0]);
    }
  }

  async function check(step: Step): Promise<void> {
    for (const deed of step.deeds ?? []) await hands.do(deed);
    await pass(step.seconds);
    const outcome = await judge.look(Object.keys(step.ends));
    compare(step, outcome, await states(hands, step), codes.length === 1, hasMacs(frozen));
    expect(operator.refused, 'the API server refused').toEqual([]);
  }

  for (const step of frozen.course) await check(step);
  return { world, hands, check, take };
}

function compare(
  step: Step,
  outcome: Outcome,
  description: string,
  alone: boolean,
  authentic: boolean,
): void {
  expect(outcome.ends, description).toEqual(step.ends);
  expect(nonZero(outcome.provisions), description).toEqual(nonZero(step.provisions ?? {}));
  expect(outcome.altered, `${description}\nsent again, and otherwise`).toEqual([]);
  // A release without MACs sends what is in doubt again; this one looks up what carries none.
  if (authentic) for (const name of step.replays ?? []) expect(outcome.replays, description).toContain(name);
  else if (alone) expect(outcome.replays, `${description}\nsent again without a MAC`).toEqual([]);
  if (step.quiet && alone) expect(outcome.writes, `${description}\nwrites`).toBe(0);
}

/** Whether the release that left this gave its launches MACs. */
function hasMacs({ objects }: Frozen): boolean {
  const workspaces = Object.values(objects.objects['compute.molecule.ai/workspaces'] ?? {});
  return workspaces.some((object) => decodeWorkspace(object).status?.launch?.params?.mac !== undefined);
}

function nonZero(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** What a failure shows. */
async function states(hands: Hands, { about, ends }: Step): Promise<string> {
  const lines = await Promise.all(
    Object.keys(ends).map(async (name) => {
      const workspace = await hands.read(name);
      const { launch } = workspace?.status ?? {};
      const ready = conditionOf(workspace, 'Ready');
      return `${name}: launch ${launch?.number} ${launch?.phase}, ${ready?.reason}: ${ready?.message}`;
    }),
  );
  return [about, ...lines].join('\n');
}
