import type { Transport } from '../../../src/controller/client/transport.ts';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { Wire } from '../scene/scene.ts';

const MINUTE_MS = 60_000;
/** Writes of one object and calls of one action that a minute may have. */
const MOST_WRITES = 60;
const MOST_CALLS = 240;
/** Calls of one process at one virtual instant. */
const MOST_AT_ONCE = 20_000;

/** Counts what processes send, so that one that asks again and again without a pause is found. */
export interface Traffic {
  wire: Wire;
  /** The law that is broken, if any. */
  look(): string | undefined;
  /** The most of one kind in one minute so far. */
  most(): { writes: number; calls: number };
}

export function createTraffic(clock: () => Clock | undefined): Traffic {
  let minute = 0;
  let counts = new Map<string, number>();
  const most = { writes: 0, calls: 0 };
  let broken: string | undefined;
  let [instant, atOnce] = [0, 0];

  function count(kind: 'writes' | 'calls', what: string): void {
    const now = clock()?.monotonic() ?? 0;
    if (Math.floor(now / MINUTE_MS) !== minute) {
      minute = Math.floor(now / MINUTE_MS);
      counts = new Map();
    }
    const times = (counts.get(what) ?? 0) + 1;
    counts.set(what, times);
    most[kind] = Math.max(most[kind], times);
    if (times > (kind === 'writes' ? MOST_WRITES : MOST_CALLS))
      broken ??= `hot loop: ${times} ${what} in a minute`;
  }

  /** A chain of promises that never ends would let no time pass: its calls are never answered. */
  function rests(): Promise<void> | undefined {
    const now = clock()?.monotonic() ?? 0;
    if (now !== instant) [instant, atOnce] = [now, 0];
    atOnce += 1;
    if (atOnce <= MOST_AT_ONCE) return undefined;
    broken ??= `hot loop: ${atOnce} calls at one virtual instant`;
    return new Promise(() => undefined);
  }

  return {
    look: () => broken,
    most: () => most,
    wire: {
      transport: (process, inner): Transport => ({
        ...inner,
        async request(request) {
          await rests();
          const { method, path } = request;
          const [, object] = /\/(workspaces\/[^?]*|workspaceclasses\/[^?]*)/.exec(path) ?? [];
          if (process.startsWith('operator') && method !== 'GET' && object)
            count('writes', `${method} ${path}`);
          return inner.request(request);
        },
      }),
      calls: (process, inner) =>
        Object.fromEntries(
          Object.entries(inner).map(([name, call]) => [
            name,
            async (...given: unknown[]) => {
              await rests();
              if (process.startsWith('operator')) count('calls', `${name} ${callOf(name, given)}`);
              return (call as (...args: unknown[]) => Promise<unknown>)(...given);
            },
          ]),
        ) as unknown as typeof inner,
    },
  };
}

/** Of a launch, which: many may be launched in a minute. */
function callOf(name: string, [first]: unknown[]): string {
  if (name === 'runInstances') return String((first as { clientToken?: string }).clientToken);
  return name.endsWith('Instances') && Array.isArray(first) ? String(first) : '';
}
