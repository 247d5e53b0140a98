import { type ApiServer, createApiServer } from '../../dev/apiserver/apiServer.ts';
import { type Clock, systemClock } from '../../src/controller/lib/clock.ts';
import { wallMs } from '../support/base/moments.ts';
import { seededRandom } from '../support/base/seededRandom.ts';

/** Timers run, but all that is stamped is stamped alike. */
const clock: Clock = { ...systemClock, now: () => wallMs(Date.parse('2026-01-01T00:00:00Z')) };

/** The server that recordings are made of and replayed against; each seed gives its objects other uids. */
export function createRecordedServer(seed: number, report: (error: unknown) => void): ApiServer {
  return createApiServer({ clock, random: seededRandom(seed), report });
}
