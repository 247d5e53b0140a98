import type { Change } from '../../../dev/apiserver/storage/store.ts';

/** Lines shown of a test that failed, the newest; TIMELINE=n shows more. */
const SHOWN = Number(process.env.TIMELINE ?? 150);
/** A line that equals one of the last few is counted and not repeated. */
const RECENT = 8;

export type Note = (what: string) => void;

/** What all of them did, each in one line: people, operators, API server, EC2. */
export interface Timeline {
  note: Note;
  /** A version of a Workspace, a class or an Event. */
  change(change: Pick<Change, 'type' | 'object' | 'previous'>): void;
  text(): string;
}

/** @param now protocol time since the beginning, ms */
export function createTimeline(now: () => number): Timeline {
  const lines: { at: number; what: string; times: number; lastAt: number }[] = [];

  function note(what: string): void {
    const known = lines.slice(-RECENT).find((line) => line.what === what);
    const at = now();
    if (known) Object.assign(known, { times: known.times + 1, lastAt: at });
    else lines.push({ at, what, times: 1, lastAt: at });
  }

  return {
    note,
    change(change) {
      if ('involvedObject' in change.object) noteEvent(change.object as unknown as ShownEvent, note);
      else noteChange(change, note);
    },
    text() {
      const shown = lines.slice(-SHOWN);
      const left = lines.length - shown.length;
      const head = left > 0 ? [`  (${left} lines before; TIMELINE=${lines.length} shows them)`] : [];
      const body = shown.map(({ at, what, times, lastAt }) => {
        const again = times > 1 ? ` (×${times}, until ${seconds(lastAt)})` : '';
        return `${seconds(at).padStart(10)} ${what}${again}`;
      });
      return [...head, ...body].join('\n');
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)}s`;
}

interface ShownEvent {
  involvedObject: { name: string };
  type: string;
  reason: string;
  message: string;
}

function noteEvent({ involvedObject, type, reason, message }: ShownEvent, note: Note): void {
  note(`event of ${involvedObject.name}: ${type} ${reason}: ${message.slice(0, 120)}`);
}

interface ShownObject {
  metadata: { name: string; deletionTimestamp?: string };
  status?: {
    launch?: { number: number; phase: string; instanceID?: string; cause?: { kind: string } };
    terminating?: { instanceID: string }[];
    conditions?: { type: string; status: string; reason: string }[];
  };
}

/** A Workspace or a class, in parts; the timeline shows those that changed. */
function partsOf({ metadata, status }: ShownObject): Map<string, string> {
  const { launch, terminating = [], conditions = [] } = status ?? {};
  const parts = new Map(conditions.map(({ type, status: holds, reason }) => [type, `${holds} ${reason}`]));
  if (launch)
    parts.set(
      'launch',
      `${launch.number} ${launch.phase} ${launch.cause?.kind ?? ''} ${launch.instanceID ?? ''}`.trim(),
    );
  parts.set('terminating', terminating.map(({ instanceID }) => instanceID).join() || 'none');
  if (metadata.deletionTimestamp !== undefined) parts.set('metadata', 'being deleted');
  return parts;
}

function noteChange(
  { type, object, previous }: Pick<Change, 'type' | 'object' | 'previous'>,
  note: Note,
): void {
  const now = object as unknown as ShownObject;
  const { name } = now.metadata;
  if (type !== 'MODIFIED' || !previous) {
    note(`cluster: ${name} ${type.toLowerCase()}`);
    return;
  }
  const before = partsOf(previous as unknown as ShownObject);
  const after = partsOf(now);
  const changed = [...after].filter(([part, text]) => before.get(part) !== text);
  const gone = [...before.keys()].filter((part) => !after.has(part)).map((part) => `no ${part}`);
  const words = [...changed.map(([part, text]) => `${part} ${text}`), ...gone];
  if (words.length > 0) note(`cluster: ${name}: ${words.join('; ')}`);
}
