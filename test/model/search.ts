import { hash } from 'node:crypto';
import { textOf } from './change.ts';
import { broken } from './laws.ts';
import { steps } from './steps.ts';
import { type Budget, initialWorld, type World } from './world.ts';

export interface SearchResult {
  states: number;
  transitions: number;
  /** Whether every reachable state was seen. */
  complete: boolean;
  /** The broken law and the shortest way to it. */
  violation?: { law: string; trace: string[] };
  /** How often the model reached what it must be able to reach. */
  reached: { ready: number; gone: number; numbers: number };
}

type Node = { world: World; parent?: Node; name: string };

function nameOf(world: World): string {
  return hash('md5', textOf(world), 'base64');
}

/** Breadth-first, so that the first trace found is a shortest one. */
export function search(budget: Budget, mostStates: number, from: World = initialWorld(budget)): SearchResult {
  const root: Node = { world: from, name: 'start' };
  const seen = new Set([nameOf(root.world)]);
  let frontier: Node[] = [root];
  const result: SearchResult = {
    states: 1,
    transitions: 0,
    complete: false,
    reached: { ready: 0, gone: 0, numbers: 0 },
  };
  while (frontier.length > 0) {
    const next: Node[] = [];
    for (const node of frontier) {
      for (const [name, world] of steps(node.world)) {
        result.transitions += 1;
        const law = broken(node.world, world);
        const child: Node = { world, parent: node, name };
        if (law) return { ...result, violation: { law, trace: traceOf(child) } };
        const key = nameOf(world);
        if (seen.has(key)) continue;
        seen.add(key);
        note(result, world);
        if (seen.size >= mostStates) return { ...result, states: seen.size };
        next.push(child);
      }
    }
    frontier = next;
  }
  return { ...result, states: seen.size, complete: true };
}

/** A world whose launch 1 is ready and at rest; searches from there go deeper. */
export function readyWorld(budget: Budget): World {
  const order = [/^boots/, /^bootstraps/, /^(write|add finalizer|run: accepted)$/, /^sweep$/];
  let world = initialWorld(
    Object.fromEntries(Object.keys(budget).map((key) => [key, 0])) as unknown as Budget,
  );
  for (;;) {
    const possible = steps(world).filter(([, next]) => nameOf(next) !== nameOf(world));
    const taken = order.flatMap((name) => possible.filter(([found]) => name.test(found))).at(0);
    if (!taken) break;
    world = taken[1];
  }
  if (!world.status?.launch?.readyAt) throw new Error('launch 1 never became ready');
  return { ...world, budget };
}

function note(result: SearchResult, world: World): void {
  if (world.status?.launch?.readyAt) result.reached.ready += 1;
  if (world.gone) result.reached.gone += 1;
  result.reached.numbers = Math.max(result.reached.numbers, world.status?.launch?.number ?? 0);
}

function traceOf(node: Node): string[] {
  const names: string[] = [];
  for (let at: Node | undefined = node; at; at = at.parent)
    names.unshift(`${at.world.now / 1000}s ${at.name}`);
  return names;
}
