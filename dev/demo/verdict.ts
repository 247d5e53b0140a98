import type { Workspace } from '../../src/api/kinds/workspace.ts';
import type { Books } from './books.ts';

/** What one change came to. */
export interface Outcome {
  /** The cloud's books before the secret changed, and at the end. */
  before: Books;
  after: Books;
  reports: { sent: number; dropped: number; forwarded: number };
  workspace: Workspace;
  /** The restart context that the new agent received; undefined when it received none. */
  restartNote: string | undefined;
  /** desired.generation before and after the same content was saved again. */
  generations: { before: number; after: number };
}

/** What is not as promised; empty when one change was exactly one provision. */
export function faultsOf(outcome: Outcome): string[] {
  const { before, after, reports, workspace, generations } = outcome;
  const { launch, provisions } = workspace.status ?? {};
  const provisioned = after.provisions.length - before.provisions.length;
  const terminated = after.terminations.length - before.terminations.length;
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  expect(provisioned === 1, `the change made ${provisioned} provisions by the cloud's books, not 1`);
  expect(terminated === 1, `the change made ${terminated} terminations by the cloud's books, not 1`);
  expect(reports.sent === 4, `${reports.sent} probes reported, not 4`);
  expect(
    reports.dropped === reports.sent && reports.forwarded === 0,
    `of ${reports.sent} reports ${reports.dropped} were counted as dropped and ${reports.forwarded} as acted on`,
  );
  expect(
    after.live.length === 1 && after.live[0] === launch?.instanceID,
    `live instances: ${after.live.join(', ') || 'none'}; the Workspace names ${launch?.instanceID ?? 'none'}`,
  );
  expect(
    provisions === after.provisions.length,
    `status.provisions is ${provisions}, the cloud's books say ${after.provisions.length}`,
  );
  expect(outcome.restartNote !== undefined, 'the new agent never learned why it was started');
  expect(
    generations.before === generations.after,
    `saving the same content again counted as a change (generation ${generations.before} → ${generations.after})`,
  );
  return faults;
}
