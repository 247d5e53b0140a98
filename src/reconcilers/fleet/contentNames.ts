import { digestKeyID } from '../../api/environment/environment.ts';
import type { Workspace, WorkspaceStatus } from '../../api/kinds/workspace.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import { isClassContent } from '../../api/launch/machine.ts';
import { openText, sealText } from '../../gateway/access/contentSeal.ts';
import type { DigestKeys } from '../../gateway/access/namespaceKeys.ts';
import type { EnvironmentFact } from '../workspace/decide/facts/facts.ts';
import { ANY } from '../workspace/decide/replace/rollout.ts';

type Status = Pick<WorkspaceStatus, 'desired' | 'instance' | 'replacement' | 'contents'>;

/**
 * Names of contents for comparing Workspaces of several namespaces. A status names an environment by a digest
 * that is its namespace's own; beside it stands, sealed, the digest that all namespaces share. So a process that just began
 * learns an object's content from the object alone, and no other reader can.
 */
export interface ContentNames {
  /** The name that is the same in all namespaces, by the digest in this Workspace's status. @param environment as it is now */
  of(workspace: Workspace, environment?: EnvironmentFact): (digest: string) => string;
  /** The `status.contents` that goes with this status. */
  contentsOf(workspace: Workspace, status: Status, environment: EnvironmentFact): WorkspaceStatus['contents'];
  /** The form in which a class's `halted` shows this name; `named` turns it back. */
  shown(className: string, name: string): string;
  named(className: string, shown: string): string;
}

export function createContentNames(keys: DigestKeys): ContentNames {
  /** As an earlier release recorded it: in all namespaces the same. */
  const isShared = (digest: string) => keys.all('digest').some(({ id }) => id === digestKeyID(digest));
  return {
    of({ metadata, status }, environment) {
      const { namespace } = metadata;
      const present = presentOf(environment);
      const opened = new Map<string, string>();
      return (digest) => {
        if (isShared(digest)) return digest;
        if (present?.digests.has(digest)) return present.content;
        const known = opened.get(digest);
        if (known !== undefined) return known;
        const sealed = status?.contents?.find(({ env }) => env === digest)?.sealed;
        const name = (sealed && openText(keys, placeOf(namespace, digest), sealed)) ?? digest;
        opened.set(digest, name);
        return name;
      };
    },
    contentsOf({ metadata, status: before }, status, environment) {
      const { namespace } = metadata;
      const present = presentOf(environment);
      const contents = [...namedBy(status)].flatMap((env) => {
        if (isShared(env)) return [];
        const sealed = present?.digests.has(env)
          ? sealText(keys, placeOf(namespace, env), present.content)
          : before?.contents?.find((it) => it.env === env)?.sealed;
        return sealed === undefined ? [] : [{ env, sealed }];
      });
      return contents.length > 0 ? contents.slice(0, MOST) : undefined;
    },
    shown: (className, name) =>
      isClassContent(name) || name === ANY ? name : sealText(keys, classPlace(className), name),
    named: (className, shown) => openText(keys, classPlace(className), shown) ?? shown,
  };
}

/** The names of what a class's `halted` shows, by what it shows. */
export function haltNames(
  names: Pick<ContentNames, 'named'>,
  klass: WorkspaceClass | undefined,
): Record<string, string> | undefined {
  const halted = klass?.status?.halted?.map(({ content }) => content);
  if (!klass || !halted) return undefined;
  return Object.fromEntries(halted.map((shown) => [shown, names.named(klass.metadata.name, shown)]));
}

/** Where each is called in every namespace as its status has it. */
export const AS_IN_STATUS: ContentNames = {
  of: () => (digest) => digest,
  contentsOf: ({ status }) => status?.contents,
  shown: (_className, name) => name,
  named: (_className, shown) => shown,
};

const MOST = 12;

function placeOf(namespace: string, env: string): string[] {
  return ['Workspace', namespace, env];
}

function classPlace(className: string): string[] {
  return ['WorkspaceClass', className];
}

function presentOf(environment: EnvironmentFact | undefined) {
  if (environment?.kind !== 'Merged' || environment.content === undefined) return undefined;
  return { digests: new Set(Object.values(environment.digests)), content: environment.content };
}

/** Environments that a status names. */
function namedBy({ desired, instance, replacement }: Status): Set<string> {
  const failed = replacement?.failures?.flatMap(({ contents }) => contents) ?? [];
  const named = [desired?.env, instance?.env, replacement?.before?.env, ...failed];
  return new Set(named.flatMap((name) => (name === undefined || isClassContent(name) ? [] : [name])));
}
