import { createFifo, type Fifo } from './fifo.ts';

/** `urgent`: a person waits for it. `active`: something of it is on its way. `routine`: all else. */
export type Lane = 'urgent' | 'active' | 'routine';

/**
 * How often in a row a lane that holds keys may be passed over for those above it. So no lane starves, which strict
 * priorities allow (controller-runtime #3496): while all three hold keys, `urgent` has at least every third take,
 * `active` every fourth, `routine` every eighth.
 */
const MOST_PASSED_OVER: Record<Lane, number> = { urgent: 2, active: 2, routine: 7 };
const UPWARDS: readonly Lane[] = ['routine', 'active', 'urgent'];

/** The keys that wait, each once, in the lane that it is in. Within a lane namespaces take turns, so that one with many keys holds up no other. */
export interface Lanes {
  /** A key that waits already keeps its place, unless this lane is a higher one. */
  push(key: string, lane: Lane): void;
  take(): string | undefined;
  readonly size: number;
}

interface Place {
  key: string;
  lane: Lane;
}

interface LaneState {
  /** Keys that wait in it. */
  size: number;
  passedOver: number;
  /** Namespaces that hold places, the next one first; each once. */
  turns: Fifo<string>;
  places: Map<string, Fifo<Place>>;
}

export function createLanes(): Lanes {
  /** Where each key waits. A place that is not the key's any more was left for a higher lane. */
  const waiting = new Map<string, Place>();
  const lanes = { urgent: createLane(), active: createLane(), routine: createLane() };

  function next(): LaneState | undefined {
    const filled = UPWARDS.filter((name) => lanes[name].size > 0);
    const due = filled.find((name) => lanes[name].passedOver >= MOST_PASSED_OVER[name]) ?? filled.at(-1);
    for (const name of filled) lanes[name].passedOver = name === due ? 0 : lanes[name].passedOver + 1;
    return due && lanes[due];
  }

  function takeFrom(lane: LaneState): string | undefined {
    for (let group = lane.turns.shift(); group !== undefined; group = lane.turns.shift()) {
      const places = lane.places.get(group);
      let place = places?.shift();
      while (place && waiting.get(place.key) !== place) place = places?.shift();
      if (places && places.length > 0) lane.turns.push(group);
      else lane.places.delete(group);
      if (place) return place.key;
    }
    return undefined;
  }

  return {
    push(key, name) {
      const held = waiting.get(key);
      if (held && UPWARDS.indexOf(held.lane) >= UPWARDS.indexOf(name)) return;
      if (held) leave(lanes[held.lane]);
      const place = { key, lane: name };
      waiting.set(key, place);
      enter(lanes[name], place);
    },
    take() {
      const lane = next();
      const key = lane && takeFrom(lane);
      if (lane === undefined || key === undefined) return undefined;
      waiting.delete(key);
      leave(lane);
      return key;
    },
    get size() {
      return waiting.size;
    },
  };
}

function createLane(): LaneState {
  return { size: 0, passedOver: 0, turns: createFifo(), places: new Map() };
}

function enter(lane: LaneState, place: Place): void {
  lane.size += 1;
  const group = place.key.slice(0, Math.max(0, place.key.indexOf('/')));
  const places = lane.places.get(group);
  if (places) {
    places.push(place);
    return;
  }
  const made = createFifo<Place>();
  made.push(place);
  lane.places.set(group, made);
  lane.turns.push(group);
}

/** An empty lane was not passed over. */
function leave(lane: LaneState): void {
  lane.size -= 1;
  if (lane.size === 0) lane.passedOver = 0;
}
