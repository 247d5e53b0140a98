import type { Clock } from '../../controller/lib/clock.ts';

export interface PaceOptions {
  clock: Pick<Clock, 'monotonic'>;
  /** Numbers are written at most this often, ms. */
  statusIntervalMs: number;
}

/** When each class's status was last written by this process, so that its numbers wait for one another. */
export interface Pace {
  wrote(name: string): void;
  /** Monotonic ms; undefined if never. */
  wroteAt(name: string): number | undefined;
  /** In how many ms its numbers may be written; at most 0 if now. A pass before that could only wait. */
  dueInMs(name: string): number;
  forget(name: string): void;
}

export function createPace({ clock, statusIntervalMs }: PaceOptions): Pace {
  const written = new Map<string, number>();
  return {
    wrote: (name) => void written.set(name, clock.monotonic()),
    wroteAt: (name) => written.get(name),
    dueInMs(name) {
      const at = written.get(name);
      return at === undefined ? 0 : at + statusIntervalMs - clock.monotonic();
    },
    forget: (name) => void written.delete(name),
  };
}
