import { leftAlone } from '../steps/fair.ts';
import type { Rules } from '../steps/rules.ts';
import { steps } from '../steps/steps.ts';
import { keyOf } from '../world/key.ts';
import type { World } from '../world/world.ts';
import { broken } from './laws.ts';

export interface SearchResult {
  states: number;
  transitions: number;
  /** Steps from the start that were all searched. */
  depth: number;
  /** Whether every reachable state was seen. */
  complete: boolean;
  /** The broken law and the shortest way to it. */
  violation?: { law: string; trace: string[] };
  /** How often the model reached what it must be able to reach. */
  reached: { ready: number; gone: number; numbers: number };
}

interface Node {
  world: World | undefined;
  parent?: Node;
  name: string;
}

/** Breadth-first, so that the first trace found is a shortest one. */
export function search(from: World, rules: Rules, mostStates: number, alsoAlone = true): SearchResult {
  const seen = new Set([keyOf(from)]);
  const alone = leftAlone(rules);
  let frontier: Node[] = [{ world: from, name: 'start' }];
  const result: SearchResult = {
    states: 1,
    transitions: 0,
    depth: 0,
    complete: false,
    reached: { ready: 0, gone: 0, numbers: 0 },
  };
  while (frontier.length > 0) {
    const next: Node[] = [];
    for (const node of frontier) {
      const { world: before } = node;
      // Its trace is all that is needed of it from now on.
      node.world = undefined;
      if (!before) continue;
      for (const [name, world] of steps(before, rules)) {
        result.transitions += 1;
        const law = broken(before, world);
        const child: Node = { world, parent: node, name };
        if (law) return { ...result, states: seen.size, violation: { law, trace: traceOf(child) } };
        const key = keyOf(world);
        if (seen.has(key)) continue;
        seen.add(key);
        note(result, world);
        const never = alsoAlone ? alone(world) : undefined;
        if (never) {
          const trace = [...traceOf(child), '— left alone:', ...never.trace];
          return { ...result, states: seen.size, violation: { law: never.law, trace } };
        }
        if (seen.size >= mostStates) return { ...result, states: seen.size };
        if ((world.object.status?.launch?.number ?? 0) <= world.terms.mostLaunches) next.push(child);
      }
    }
    result.depth += 1;
    frontier = next;
  }
  return { ...result, states: seen.size, complete: true };
}

function note({ reached }: SearchResult, { object, gone }: World): void {
  if (object.status?.launch?.readyAt) reached.ready += 1;
  if (gone) reached.gone += 1;
  reached.numbers = Math.max(reached.numbers, object.status?.launch?.number ?? 0);
}

function traceOf(node: Node): string[] {
  const names: string[] = [];
  for (let at: Node | undefined = node; at; at = at.parent) names.unshift(at.name);
  return names;
}
