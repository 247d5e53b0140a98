import { TYPES } from './machine.ts';
import { instancesWith } from './parts.ts';
import { NOW } from './timing.ts';
import type { Flight, TrueInstance, World } from './world.ts';

const parameters = new Map<string, number>();
const generations = new Map<number, number>();
const types = new Map<number, string>();
const classes = new Map<number, string>();

/** A name for the parameters of the launch on record: EC2 refuses a token that it bound to others. */
export function askedBy({ object }: World): number {
  const text = JSON.stringify(object.status?.launch?.params);
  const known = parameters.get(text) ?? parameters.size + 1;
  parameters.set(text, known);
  generations.set(known, object.status?.launch?.generation ?? 0);
  types.set(known, object.status?.launch?.params?.instanceType ?? '');
  classes.set(known, /^ami-([a-z]+)/.exec(object.status?.launch?.params?.imageID ?? '')?.[1] ?? '');
  return known;
}

/** The generation that the tags of an instance made with these parameters name. */
export function generationAsked(asked: number): number {
  return generations.get(asked) ?? 0;
}

export function typeAsked(asked: number): string {
  return types.get(asked) ?? TYPES[0];
}

/** The class whose image was asked for. */
export function classAsked(asked: number): string {
  return classes.get(asked) ?? '';
}

/** A request as EC2 carries it out; on what is in no state for it, it does nothing. */
export function land(world: World, { kind, number, asked = 0 }: Omit<Flight, 'sentAt'>): Partial<World> {
  const instance = world.instances.find((it) => it.number === number);
  if (kind === 'run') return instance ? {} : { instances: [...world.instances, born(number, asked)] };
  if (!instance) return {};
  const { state, row } = instance;
  const unheard = { held: undefined, row: row && { ...row, fresh: false } };
  switch (kind) {
    case 'end':
      if (state === 'terminated') return {};
      return instancesWith(world, number, { state: 'shutting-down', ...unheard });
    case 'stop':
      if (state !== 'running') return {};
      return instancesWith(world, number, { state: 'stopping', ...unheard });
    case 'start':
      if (state !== 'stopped') return {};
      return instancesWith(world, number, { state: 'pending', boot: instance.boot + 1 });
  }
}

function born(number: number, asked: number): TrueInstance {
  return {
    number,
    state: 'pending',
    asked,
    bornAt: NOW,
    hiddenSince: undefined,
    boot: 1,
    held: undefined,
    row: undefined,
  };
}
