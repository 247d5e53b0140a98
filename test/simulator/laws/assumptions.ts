import { currentState, type InstanceRecord } from '../../../dev/ec2/base/model.ts';
import { SEEN_BETWEEN_MS } from '../mishaps/cloudMishaps.ts';
import { CONFIG, type Scene } from '../scene/scene.ts';

/** What the protocol rests on; where a history breaks that, a broken law is no fault of the operator's. */
export interface Assumptions {
  /** To be called each step. */
  look(): void;
  /** The first that broke. */
  broken(): string | undefined;
}

/** What EC2 does not show of an instance. One absence goes on until it was shown for a while without a break. */
interface Absence {
  since: number;
  shownSince?: number;
}

const { lateMs, visibilityMs } = CONFIG.timing;
const EFFECTS = /^(Run|Terminate|Stop|Start)Instances$/;

export function createAssumptions({ service: { cloud }, clock }: Scene): Assumptions {
  let first: string | undefined;
  const absences = new Map<string, Absence>();
  const report = (what: string) => {
    first ??= `${(clock.monotonic() / 1000).toFixed(1)}s ${what}`;
  };
  const drift = () => clock.now() - clock.monotonic();
  const begun = drift();

  cloud.ledger.onCall(({ action, dryRun, outcome, afterMs }) => {
    if (dryRun || outcome === 'lost' || !EFFECTS.test(action)) return;
    if (afterMs > lateMs) report(`T_late: ${action} was carried out ${afterMs} ms after it was sent`);
  });

  function lookAt({ id, visibleAt, hiddenUntil }: InstanceRecord): void {
    const now = clock.monotonic();
    const shown = now >= visibleAt && now >= hiddenUntil;
    const before = absences.get(id);
    if (shown) {
      if (!before) return;
      before.shownSince ??= now;
      if (now - before.shownSince >= SEEN_BETWEEN_MS) absences.delete(id);
      return;
    }
    if (before) delete before.shownSince;
    else absences.set(id, { since: now });
    const hiddenMs = now - (before?.since ?? now);
    if (hiddenMs > visibilityMs) report(`T_vis: ${id} was not shown for ${hiddenMs} ms without a break`);
  }

  return {
    look() {
      for (const instance of cloud.instances.values())
        if (currentState(instance) !== 'terminated') lookAt(instance);
      if (drift() !== begun) report(`the wall clock jumped by ${drift() - begun} ms`);
    },
    broken: () => first,
  };
}
