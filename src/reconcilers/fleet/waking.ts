import type { WorkspaceClass } from '../../api/workspaceClass.ts';
import { maxUnavailable } from '../workspace/decide/rollout.ts';
import type { Permit } from './permits.ts';
import type { ClassTally } from './tally.ts';

/** Who should look again, as there may be a place for them. Looking costs little; that nobody looks would cost for ever. */
export function nextInLine(tally: ClassTally, permits: readonly Permit[], klass: WorkspaceClass): string[] {
  return [...forSlot(tally, permits, klass), ...forRoom(tally, permits, klass), ...forProof(tally)];
}

function forSlot(tally: ClassTally, permits: readonly Permit[], klass: WorkspaceClass): string[] {
  if (tally.queue.length === 0) return [];
  const taken = tally.unavailable + permits.filter(({ slot }) => slot).length;
  return tally.queue.first(maxUnavailable(klass.spec, tally.counted) - taken);
}

/** The oldest that were turned away and whose namespace has room, as many as fit. */
function forRoom(tally: ClassTally, permits: readonly Permit[], { spec }: WorkspaceClass): string[] {
  const { turnedAway } = tally;
  const { maxInstances = Infinity, maxInstancesPerNamespace = Infinity } = spec;
  const free = maxInstances - tally.occupied - permits.filter(({ room }) => room).length;
  if (turnedAway.length === 0 || free <= 0) return [];
  if (maxInstancesPerNamespace === Infinity) return turnedAway.first(free);
  const left = new Map<string, number>();
  const woken: string[] = [];
  for (const key of turnedAway.first(turnedAway.length)) {
    const namespace = key.slice(0, key.indexOf('/'));
    const fitting = left.get(namespace) ?? maxInstancesPerNamespace - tally.occupiedIn.get(namespace);
    left.set(namespace, fitting - 1);
    if (fitting > 0) woken.push(key);
    if (woken.length >= free) break;
  }
  return woken;
}

/** Once one is Ready with it, or nobody tries it any more: whoever of them may goes next. */
function forProof({ awaited, contents }: ClassTally): string[] {
  return [...awaited].flatMap((name) => {
    const content = contents.get(name);
    if (!content || (content.proven === 0 && content.trying.size > 0)) return [];
    return [...content.verifying];
  });
}
