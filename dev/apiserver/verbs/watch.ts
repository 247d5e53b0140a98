import type { Timer } from '../../../src/controller/lib/clock.ts';
import type { Core } from '../cluster/core.ts';
import { expired, StatusError } from '../errors/statusErrors.ts';
import type { Definition } from '../kinds/definition.ts';
import { checkListOptions } from '../request/listOptions.ts';
import type { Watch, WatchFrame, WatchGate } from '../request/watchStream.ts';
import { type Change, CompactedError } from '../storage/store.ts';
import type { JsonObject } from '../values/kinds.ts';
import { type Channel, createChannel } from './channel.ts';
import { revisionOf, selection } from './reads.ts';
import { type Form, representBookmark, representObject, withoutColumns } from './represent.ts';

export interface WatchOptions {
  bookmarkIntervalMs: number;
  /** How long a watch lasts that doesn't say so itself: this to twice this. */
  minTimeoutMs: number;
}

/** So long before a watch ends its last bookmark comes (cacher's nextBookmarkTime). */
const LAST_BOOKMARK_MS = 2_000;

interface Opening {
  /** Whether the present state comes first, as ADDED. */
  initial: boolean;
  bookmarkAfterInitial: boolean;
  /** Changes after this revision follow. */
  after: number;
}

/** What resourceVersion and sendInitialEvents mean together (KEP-3157). Throws a StatusError. */
function opening(core: Core, query: URLSearchParams): Opening {
  checkListOptions(query, 'watch');
  const asked = revisionToWatch(query);
  const current = core.store.revision();
  const send = query.get('sendInitialEvents');
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  if (send === 'true') return { initial: true, bookmarkAfterInitial: bookmarks, after: current };
  if (send === 'false') return { initial: false, bookmarkAfterInitial: false, after: asked || current };
  const unset = asked === undefined || asked === 0;
  return { initial: unset, bookmarkAfterInitial: false, after: unset ? current : asked };
}

/** A watch from what isn't a revision fails without a reason, unlike a list. */
function revisionToWatch(query: URLSearchParams): number | undefined {
  try {
    return revisionOf(query);
  } catch (error) {
    throw error instanceof StatusError ? new StatusError(500, '', error.message) : error;
  }
}

/** Opens a watch. Errors after the parameters were read come as an ERROR frame, as on the server. */
export function openWatch(
  core: Core,
  definition: Definition,
  namespace: string,
  query: URLSearchParams,
  form: Form,
  gate: WatchGate,
  options: WatchOptions,
): Watch {
  const matches = selection(definition, namespace, query);
  const { initial, bookmarkAfterInitial, after } = opening(core, query);
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? 0) || 0;
  const { store, clock } = core;
  let columnsSent = false;
  let bookmarkTimer: Timer | undefined;

  const channel: Channel<WatchFrame> = createChannel(() => {
    unsubscribe();
    bookmarkTimer?.cancel();
    endTimer.cancel();
    gate.closed();
  });
  const send = (type: WatchFrame['type'], object: JsonObject): void => {
    const shaped = columnsSent ? withoutColumns(object) : object;
    columnsSent ||= Array.isArray(object.columnDefinitions);
    gate.offer({ type, object: shaped }, (frame) => {
      channel.push(frame);
      if (frame.type === 'ERROR') channel.close();
    });
  };
  const sendObject = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: JsonObject): void =>
    send(type, representObject(definition, form, definition.fromStorage(object), clock.now()));
  const sendBookmark = (annotations?: JsonObject): void => {
    const metadata: JsonObject = { resourceVersion: String(store.revision()), creationTimestamp: null };
    if (annotations !== undefined) metadata.annotations = annotations;
    send('BOOKMARK', representBookmark(definition, form, metadata, clock.now()));
  };
  const pass = (change: Change): void => {
    if (change.revision <= after) return;
    const was = change.previous !== undefined && matches(change.previous);
    const is = change.type !== 'DELETED' && matches(change.object);
    if (is) sendObject(was ? 'MODIFIED' : 'ADDED', change.object);
    // An object that stops matching is gone for this watcher: its last matching state, at this revision.
    else if (was) sendObject('DELETED', asOf(change));
  };
  const openedAt = clock.monotonic();
  const scheduleBookmark = (): void => {
    const left = lasting - (clock.monotonic() - openedAt) - LAST_BOOKMARK_MS;
    if (left <= 0) return;
    bookmarkTimer = clock.setTimeout(
      () => {
        sendBookmark();
        scheduleBookmark();
      },
      Math.min(options.bookmarkIntervalMs, left),
    );
  };

  const lasting =
    timeoutSeconds > 0 ? timeoutSeconds * 1000 : options.minTimeoutMs * (1 + core.random.next());
  const endTimer = clock.setTimeout(() => {
    if (gate.mayEnd()) channel.close();
  }, lasting);
  const unsubscribe = store.subscribe(definition.storage, {
    change: pass,
    reset: () => channel.close(),
  });
  if (bookmarks) scheduleBookmark();
  if (initial) {
    for (const [, object] of store.list(definition.storage)) if (matches(object)) sendObject('ADDED', object);
    if (bookmarkAfterInitial) sendBookmark({ 'k8s.io/initial-events-end': 'true' });
  } else {
    try {
      for (const change of store.changesAfter(definition.storage, after)) pass(change);
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      send('ERROR', expired(`too old resource version: ${after} (${store.compacted()})`).body());
    }
  }
  return { frames: channel, close: channel.close, abort: channel.fail };
}

function asOf(change: Change): JsonObject {
  if (change.type === 'DELETED' || change.previous === undefined) return change.object;
  const metadata = { ...(change.previous.metadata as JsonObject), resourceVersion: String(change.revision) };
  return { ...change.previous, metadata };
}
