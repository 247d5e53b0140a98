import type { WorkspaceClassStatus } from '../../../api/kinds/workspaceClassStatus.ts';
import { isoOf } from '../../../controller/lib/time.ts';
import { ANY, MOST_FAILING } from '../../workspace/decide/replace/rollout.ts';
import type { ClassContent, ClassFacts, ClassNow } from './facts.ts';

/** A class halts no more contents than this at once. */
export const MOST_HALTS = 8;

type Halt = NonNullable<WorkspaceClassStatus['halted']>[number];
type Status = Pick<WorkspaceClassStatus, 'halted' | 'handled'>;

/**
 * Halts content that failed repeatedly before any Workspace came up with it, or that failed with several though others came up. It
 * stays halted until a person resumes it, or until no Workspace waits for it because a newer change replaced it.
 */
export function haltsOf({ klass, fleet }: ClassFacts, now: ClassNow): Status {
  const { halted = [], handled } = klass.status ?? {};
  const { resume } = klass.spec.requests;
  // Until the first status is written nothing can have been asked for.
  if (!handled) return { halted: undefined, handled: resume ? { resume } : {} };
  if (resume && resume !== handled.resume) {
    return { halted: undefined, handled: { resume, resumedAt: isoOf(now.wall) } };
  }
  const waitedFor = new Map(fleet.contents.map((content) => [content.name, content]));
  const kept = halted
    .filter(({ content }) =>
      content === ANY ? fleet.rolling > 0 : (waitedFor.get(content)?.waiting ?? 0) > 0,
    )
    .map((halt) => (halt.by === undefined ? { ...halt, ...saidOf(waitedFor.get(halt.content)) } : halt));
  const known = new Set(kept.map(({ content }) => content));
  const more = fleet.contents.filter((content) => !known.has(content.name) && fails(content));
  const since = isoOf(now.wall);
  const any = fleet.stuck.failedApart;
  const all = [
    ...kept,
    ...(any && !known.has(ANY) ? [{ content: ANY, since, by: any[0], message: saidOfApart(any) }] : []),
    ...more.map((content) => ({ content: content.name, since, ...saidOf(content) })),
  ].slice(0, MOST_HALTS);
  return { halted: all.length > 0 ? all : undefined, handled };
}

/** An earlier release, which names no Workspace, put console output into its message: other tenants must not see that. */
function saidOf(content: ClassContent | undefined): Pick<Halt, 'by' | 'message'> {
  if (content?.by === undefined) return { message: 'Replacements for it failed again and again.' };
  return { by: content.by, message: content.message };
}

/** No other Workspace waits for content of one Workspace alone, so its failure does not concern the class. */
export function fails({
  proven,
  failing,
  waiting,
}: Pick<ClassContent, 'proven' | 'failing' | 'waiting'>): boolean {
  return waiting > 0 && failing >= (proven ? MOST_FAILING : 1);
}

function saidOfApart(examples: readonly string[]): string {
  return `Replacements of ${examples.join(' and ')} failed again and again, each with what it alone brings; of two namespaces, so that the class may be to blame.`;
}
