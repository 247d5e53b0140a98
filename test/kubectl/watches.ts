import type { Watch, WatchFrame } from '../../dev/apiserver/request/watchStream.ts';
import { metaOf, objectAt, objectsAt, stringAt } from '../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../dev/apiserver/values/kinds.ts';

/** What a frame says: `ADDED ada`, whether it comes as an object or as a row. */
export function frameFact({ type, object }: WatchFrame): string {
  const row =
    object.kind === 'Table' ? objectAt({ row: objectsAt(object, 'rows')[0] ?? null }, 'row') : undefined;
  const about: JsonObject = row ? objectAt(row, 'object') : object;
  return `${type} ${stringAt(metaOf(about), 'name')}`.trim();
}

/** Passes a watch's frames on and calls `onFrame` with each. */
export async function* tapped(watch: Watch, onFrame: (frame: WatchFrame) => void): AsyncIterable<WatchFrame> {
  for await (const frame of watch.frames) {
    onFrame(frame);
    yield frame;
  }
}
