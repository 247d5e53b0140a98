import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { decodeWorkspace } from '../../../src/api/kinds/decode.ts';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { compareResourceVersions } from '../../../src/controller/cache/resourceVersion.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import type { Journal } from './journal.ts';
import { until } from './until.ts';

/** A judgement may depend on more than the Workspace, and a watch may lag; ms. */
const ASK_EVERY_MS = 200;

/** Waits for a version that fits, present or to come; what passes between two looks is not missed. */
export async function untilVersion(
  journal: Journal,
  name: string,
  what: string,
  get: () => Promise<Workspace>,
  fits: (workspace: Workspace) => boolean,
): Promise<Workspace> {
  const come: JsonObject[] = [];
  const stop = journal.onWorkspace(name, (object) => come.push(object));
  let first: string | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  // A watch that lags tells of versions from before the wait.
  const isNew = ({ metadata }: Workspace) =>
    first !== undefined && compareResourceVersions(metadata.resourceVersion, first) >= 0;
  try {
    return await until(`${name}: ${what}`, async () => {
      const fitting = come
        .splice(0)
        .map(decodeWorkspace)
        .find((it) => isNew(it) && fits(it));
      if (fitting || systemClock.monotonic() - askedAt < ASK_EVERY_MS) return fitting;
      askedAt = systemClock.monotonic();
      const now = await get();
      first ??= now.metadata.resourceVersion;
      return fits(now) && now;
    });
  } finally {
    stop();
  }
}
