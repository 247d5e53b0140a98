import { keyOf } from '../../../controller/cache/store.ts';
import { msBetween } from '../../../controller/lib/time.ts';
import type { EffectOptions } from '../../../ec2/calls/port.ts';
import type { LineBucket } from '../../../ec2/lines/lines.ts';
import type { WorkspaceDeps } from '../context/deps.ts';
import type { Memory } from '../context/memory.ts';
import type { CloudEffect, Performance } from './performance.ts';

/** The line that each effect waits in. */
const BUCKETS: Record<CloudEffect['kind'], LineBucket> = {
  RunInstances: 'RunInstances',
  // A dry run draws on the same bucket as a launch.
  DryRun: 'RunInstances',
  TerminateInstances: 'TerminateInstances',
  StopInstances: 'StopInstances',
  StartInstances: 'StartInstances',
  ReadConsole: 'GetConsoleOutput',
};

/**
 * How long after the write that records it as sent a request may go out, ms. After a slower write the request waits for
 * another turn, and counts as repeated: a reader of the record takes it for sent by then.
 */
const SENT_WITHIN_MS = 5_000;

/** The pass that asks wakes those that wait for the same answer; these look again after this long in any case, ms. */
const ANOTHER_ASKS_MS = 15_000;

/** 0 when it is its turn. An effect whose turn the decision waited for has it already. */
export function untilTurn(performance: Performance, effect: CloudEffect): number {
  const { deps, memory, workspace, turned } = performance;
  const bucket = BUCKETS[effect.kind];
  if (turned === bucket) return 0;
  const { name, namespace, uid } = workspace.metadata;
  const key = keyOf(namespace, name);
  if (effect.kind === 'DryRun' && !memory.dryRuns.claim(effect.fingerprint, uid, key)) return ANOTHER_ASKS_MS;
  const turn = deps.lines.ask(bucket, {
    id: effect.kind === 'DryRun' ? dryRunPlace(effect.fingerprint) : uid,
    key,
    namespace,
    // A launch in doubt was sent before: it is older than every launch that waits for its first send.
    order: effect.kind === 'RunInstances' ? workspace.status?.launch?.submittedAt : undefined,
    lane: 'again',
    errand: 'send',
    ready: true,
  });
  return turn.inMs;
}

export function dryRunPlace(fingerprint: string): string {
  return `dry run ${fingerprint}`;
}

/** Gives up unused turns, and places that were not asked for again; Workspaces that waited for this one's dry run look again. */
export function endPass(deps: Pick<WorkspaceDeps, 'lines' | 'wake'>, memory: Memory, uid: string): void {
  deps.lines.passed(uid);
  const fingerprint = memory.dryRuns.heldBy(uid);
  if (fingerprint === undefined || deps.lines.passed(dryRunPlace(fingerprint))) return;
  for (const key of memory.dryRuns.end(uid)) deps.wake(key);
}

/** Guards a call and takes its token, immediately before it goes out. */
export function sending(
  { deps, guard, decidedAt, turned }: Performance,
  bucket: LineBucket,
  id: string,
  onSend: () => void = () => undefined,
): { options: EffectOptions; isWithheld(): boolean } {
  let withheld = false;
  return {
    options: {
      ownToken: true,
      beforeSend() {
        withheld = true;
        guard();
        if (turned === bucket && msBetween(decidedAt, deps.clock.monotonic()) > SENT_WITHIN_MS)
          throw new Error('its write took too long; it is sent when its turn comes again');
        if (!deps.lines.spend(bucket, id))
          throw new Error('AWS has asked for a pause since; it is sent when its turn comes');
        withheld = false;
        onSend();
      },
    },
    // This process held it back: another leads, the pass was given up, or AWS asked for a pause. Nothing follows from that.
    isWithheld: () => withheld,
  };
}
