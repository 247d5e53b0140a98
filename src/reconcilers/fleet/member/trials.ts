import type { Replacement } from '../../../api/kinds/replacement.ts';
import { classNameOf } from '../../../api/kinds/room.ts';
import type { Workspace, WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import { isClassContent } from '../../../api/launch/machine.ts';
import { outdatedBy } from '../../../api/reasons/causes.ts';
import { objectKey } from '../../../controller/cache/store.ts';
import type { Frozen } from '../../workspace/decide/facts/view.ts';
import {
  contentsOf,
  FAILED_TRIES,
  failuresIn,
  isAway,
  isFitFor,
  newContentsOf,
  replacementOf,
} from '../../workspace/decide/record/replacement.ts';

/** Content that a Workspace's replacement failed with, when, and how. */
export interface Failure {
  content: string;
  times: readonly string[];
  message: string;
}

/** How the replacement of a Workspace goes that has yet to serve again. */
export interface Trial {
  /** The operator gave up an instance that served: it holds a slot. */
  slot: boolean;
  /** The class that it left, and whose slot it holds. Later reasons that keep it down don't concern that class. */
  slotIn?: string | undefined;
  /** Content that it is the one to try. */
  tries: readonly string[];
  fails: readonly Failure[];
  /** When its launches failed, with any content. */
  failedAt: readonly string[];
  /** Since when nothing is launched, as EC2 refuses it. */
  refusedAt?: string | undefined;
}

export function trialOf(workspace: Workspace, nameOf: (digest: string) => string): Trial | undefined {
  const { metadata, status } = workspace;
  const present = replacementOf(status);
  if (!status || !present) return undefined;
  const { left, refusedAt } = present;
  const className = classNameOf(workspace);
  const failures = failuresIn(className, present);
  const away = isAway(className, left);
  const isHeldUp = refusedAt !== undefined || (present.failures ?? []).length >= FAILED_TRIES;
  const contents = newContentsOf(status, present);
  const key = objectKey({ metadata });
  // The desired contents count as well: an earlier release's failures are failures of those.
  const { machine, env } = status.desired ?? {};
  const suspects = new Set([...contents, ...contentsOf(machine, env)]);
  const fails = [...suspects].flatMap((content) => failureOf(key, status, content, failures));
  const failed = new Set(fails.map(({ content }) => content));
  const called = (content: string) => (isClassContent(content) ? content : nameOf(content));
  return {
    slot: present.slot && !away,
    slotIn: present.slot && away && !isHeldUp ? left?.className : undefined,
    // Another Workspace must try the content that this one is unfit to try.
    tries: contents.filter((content) => !failed.has(content) && isFitFor(content, failures)).map(called),
    fails: fails.map((failure) => ({ ...failure, content: called(failure.content) })),
    failedAt: failures.map(({ at }) => at),
    refusedAt,
  };
}

function failureOf(
  key: string,
  status: WorkspaceStatus,
  content: string,
  failures: Frozen<NonNullable<Replacement['failures']>>,
): Failure[] {
  const those = failures.filter(({ contents }) => contents.includes(content));
  if (those.length < FAILED_TRIES) return [];
  // Others of the class are shown it: never what the instance or EC2 said of it.
  const message = `${those.length} launches of ${key} with it (${causeOf(status, content)}) never became Ready.`;
  return [{ content, times: those.map(({ at }) => at), message }];
}

function causeOf({ desired }: WorkspaceStatus, content: string): string {
  if (desired?.env !== content) return 'ClassChanged';
  return outdatedBy(desired.cause) === 'environment' ? desired.cause : 'SecretChanged';
}
