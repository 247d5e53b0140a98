import type { Clock } from '../../controller/lib/clock.ts';
import { plainText } from '../../controller/lib/plainText.ts';
import { CLASSES, WORKSPACES } from '../base/kubectl.ts';
import type { SeenClass } from '../views/seen.ts';
import { follow } from './follow.ts';
import { detailOf } from './models/detail.ts';
import { classRowOf, rowOf, waitsOf } from './models/fleet.ts';
import { keyOf, type LiveEvent, type LiveWorkspace } from './models/live.ts';
import type { Detail, Row, Update, Wait } from './models/shapes.ts';
import type { Source } from './source.ts';

/** The API's version; a test compares it with the kinds. */
export const API = '/apis/compute.molecule.ai/v1alpha1';
/** How long changes gather before the pages hear of them, ms. */
const GATHER_MS = 100;
const MOST_EVENTS = 200;
/** What a person reads; each update has all of them. */
const MOST_WAITS = 200;

/** What is looked at, kept up to date, for any number of pages. */
export interface Fleet {
  whole(): Update;
  /** Undefined for one that is not there. */
  detail(key: string): Promise<Detail | undefined>;
  /** Returns how to stop listening. */
  onUpdate(listener: (update: Update) => void): () => void;
  stop(): Promise<void>;
}

export function followFleet(options: {
  source: Source;
  clock: Clock;
  /** '' for all. */
  namespace: string;
  /** What a command to type next ends with. */
  flags: string;
}): Fleet {
  const { source, clock, namespace, flags } = options;
  const stopping = new AbortController();
  const workspaces = new Map<string, LiveWorkspace>();
  const classes = new Map<string, SeenClass>();
  /** Nothing is shown yet, which must not look like a fleet of none. */
  const troubles = new Map(['Workspaces', 'Classes'].map((what) => [what, 'not read yet']));
  const rows = new Map<string, { row: Row; waits: Wait[] }>();
  const changed = new Set<string>();
  const listeners = new Set<(update: Update) => void>();
  let isGathering = false;

  const scope = namespace === '' ? 'all namespaces' : `namespace ${namespace}`;
  const common = () => ({
    waits: [...rows.values()].flatMap((each) => each.waits).slice(0, MOST_WAITS),
    classes: [...classes.values()].map(classRowOf).sort((a, b) => (a.name < b.name ? -1 : 1)),
    troubles: [...troubles].map(([what, why]) => `${what}: ${plainText(why)}`),
    scope,
  });

  function make(key: string): Row | undefined {
    const workspace = workspaces.get(key);
    if (!workspace) {
      rows.delete(key);
      return undefined;
    }
    const row = rowOf(workspace);
    rows.set(key, { row, waits: waitsOf(workspace) });
    return row;
  }

  function send(): void {
    isGathering = false;
    const made = [...changed].map((key) => ({ key, row: make(key) }));
    changed.clear();
    const update: Update = {
      isWhole: false,
      rows: made.flatMap(({ row }) => row ?? []),
      gone: made.filter(({ row }) => !row).map(({ key }) => key),
      ...common(),
    };
    for (const listener of listeners) listener(update);
  }

  function gather(key?: string): void {
    if (key !== undefined) changed.add(key);
    if (isGathering || stopping.signal.aborted) return;
    isGathering = true;
    clock.setTimeout(send, GATHER_MS);
  }

  function collection<T extends { metadata: { name: string; namespace?: string } }>(
    what: string,
    objects: Map<string, T>,
    touch: (key: string) => void,
  ) {
    return {
      onList(listed: readonly T[]) {
        const gone = new Set(objects.keys());
        for (const object of listed) {
          gone.delete(keyOf(object));
          objects.set(keyOf(object), object);
          touch(keyOf(object));
        }
        for (const key of gone) {
          objects.delete(key);
          touch(key);
        }
      },
      onChange(object: T) {
        objects.set(keyOf(object), object);
        touch(keyOf(object));
      },
      onGone(object: T) {
        objects.delete(keyOf(object));
        touch(keyOf(object));
      },
      onTrouble(trouble: string | undefined) {
        if (trouble === undefined) troubles.delete(what);
        else troubles.set(what, trouble);
        gather();
      },
    };
  }

  const within = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const shared = { source, clock, signal: stopping.signal };
  const running = Promise.all([
    follow<LiveWorkspace>({
      ...shared,
      path: `${API}${within}/${WORKSPACES.split('.', 1)[0]}`,
      followed: collection('Workspaces', workspaces, gather),
    }),
    follow<SeenClass>({
      ...shared,
      path: `${API}/${CLASSES.split('.', 1)[0]}`,
      followed: collection('Classes', classes, () => gather()),
    }),
  ]);

  async function eventsOf({ metadata }: LiveWorkspace): Promise<LiveEvent[] | { missing: string }> {
    const { name, namespace: of = '', uid } = metadata;
    const selector = `involvedObject.kind=Workspace,involvedObject.name=${name}${uid === undefined ? '' : `,involvedObject.uid=${uid}`}`;
    const query = `fieldSelector=${encodeURIComponent(selector)}&limit=${MOST_EVENTS}`;
    try {
      const { items = [] } = (await source.get(
        `/api/v1/namespaces/${encodeURIComponent(of)}/events?${query}`,
      )) as { items?: LiveEvent[] };
      return items;
    } catch (error) {
      return { missing: plainText(error instanceof Error ? error.message : String(error)) };
    }
  }

  return {
    whole: () => {
      for (const key of workspaces.keys()) if (!rows.has(key)) make(key);
      return { isWhole: true, rows: [...rows.values()].map(({ row }) => row), gone: [], ...common() };
    },
    async detail(key) {
      const workspace = workspaces.get(key);
      if (!workspace) return undefined;
      const events = await eventsOf(workspace);
      return detailOf(workspaces.get(key) ?? workspace, events, flags);
    },
    onUpdate(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
