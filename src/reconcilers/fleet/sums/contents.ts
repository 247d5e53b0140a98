import type { WorkspaceClass } from '../../../api/kinds/workspaceClass.ts';
import { isClassContent } from '../../../api/launch/machine.ts';
import { fails } from '../../class/decide/halts.ts';
import type { ContentFact } from '../../workspace/decide/facts/facts.ts';
import { FAILED_TRIES } from '../../workspace/decide/record/replacement.ts';
import { mayFollow } from '../../workspace/decide/replace/rollout.ts';
import { createLine } from '../lines/line.ts';
import type { FleetEntry } from '../member/entry.ts';
import type { Failure } from '../member/trials.ts';

/** How many of a class have some content, try it, failed with it, or wait for it. */
interface Content {
  name: string;
  proven: number;
  /** Keys of the Workspaces that try it. */
  trying: Set<string>;
  failing: Map<string, Failure>;
  /** Of those, how many failed since a person last said that it may go on. */
  failures: number;
  /** Whose change waits until one is Ready with it. */
  verifying: Set<string>;
  /** How many serve and would be replaced for it. */
  wanted: number;
  /** How many are to have it, by namespace. */
  wanters: Map<string, number>;
  /** Whether another may be replaced for it. */
  isOpen: boolean;
  isFailed: boolean;
  /** Whether a failure with it is the class's matter. */
  isShared: boolean;
}

/** A content as the class's status shows it. */
export interface ContentSummary {
  name: string;
  proven: boolean;
  failing: number;
  /** One that failed with it, and how often. */
  by?: string | undefined;
  message: string;
  waiting: number;
}

/** The contents of a class's Workspaces: a class's digest, an environment's. */
export interface Contents {
  move(before: FleetEntry | undefined, now: FleetEntry | undefined): void;
  /** Keys of Workspaces whose content has just opened, and of those whose failures now concern the class instead of the namespace, or the other way round. */
  settle(klass: WorkspaceClass | undefined): { opened: string[]; rejudged: string[] };
  /**
   * Whether a failure with it concerns the class: no Workspace is Ready with it, and it is the class's, or an environment of
   * more than one namespace.
   */
  isShared: (name: string) => boolean;
  factFor(name: string, self: string): ContentFact;
  summaryOf: (name: string) => ContentSummary;
  /** The first `count` names, in their own order, of contents that are to be halted if they are not yet. */
  failed(count: number): string[];
}

export function createContents(): Contents {
  const contents = new Map<string, Content>();
  const failed = createLine();
  /** Names of contents in which something moved since it was settled. */
  const moved = new Set<string>();
  let resumedAt: string | undefined;

  function of(name: string): Content {
    moved.add(name);
    const known = contents.get(name);
    if (known) return known;
    const made: Content = {
      name,
      proven: 0,
      trying: new Set(),
      failing: new Map(),
      failures: 0,
      verifying: new Set(),
      wanted: 0,
      wanters: new Map(),
      isOpen: true,
      isFailed: false,
      isShared: isClassContent(name),
    };
    contents.set(name, made);
    return made;
  }

  function count(entry: FleetEntry, by: 1 | -1) {
    const { key, namespace, proves, tries, lacks, fails: failures, waits, wantsEnv, available } = entry;
    for (const name of proves) of(name).proven += by;
    for (const name of tries) mark(of(name).trying, key, by);
    if (available) for (const name of lacks) of(name).wanted += by;
    if (waits === 'RolloutVerifying') for (const name of lacks) mark(of(name).verifying, key, by);
    if (wantsEnv !== undefined) add(of(wantsEnv).wanters, namespace, by);
    for (const failure of failures) {
      const content = of(failure.content);
      if (isSince(failure, resumedAt)) content.failures += by;
      if (by > 0) content.failing.set(key, failure);
      else content.failing.delete(key);
    }
  }

  function recount(klass: WorkspaceClass | undefined): void {
    const before = resumedAt;
    resumedAt = klass?.status?.handled?.resumedAt;
    if (before === resumedAt) return;
    for (const content of contents.values()) {
      if (content.failing.size === 0) continue;
      content.failures = [...content.failing.values()].filter((it) => isSince(it, resumedAt)).length;
      moved.add(content.name);
    }
  }

  function summarise(content: Content): ContentSummary {
    const { name, proven, failing, failures, wanted } = content;
    let by: string | undefined;
    let message = '';
    for (const [key, failure] of failing) {
      if (by !== undefined || failures === 0) break;
      if (isSince(failure, resumedAt)) [by, message] = [key, failure.message];
    }
    return { name, proven: proven > 0, failing: failures, by, message, waiting: wanted };
  }

  return {
    move(before, now) {
      if (before) count(before, -1);
      if (now) count(now, 1);
    },
    settle(klass) {
      recount(klass);
      const opened = new Set<string>();
      const rejudged = new Set<string>();
      for (const name of moved) {
        const content = contents.get(name);
        if (!content) continue;
        const wasOpen = content.isOpen;
        content.isOpen = mayFollow(factOf(content, undefined));
        if (content.isOpen && !wasOpen) for (const key of content.verifying) opened.add(key);
        const isFailed = fails(summarise(content));
        if (isFailed && !content.isFailed) failed.add({ order: name, key: name });
        if (!isFailed && content.isFailed) failed.remove({ order: name, key: name });
        content.isFailed = isFailed;
        const isShared = isSharedContent(content);
        if (isShared !== content.isShared) for (const key of content.failing.keys()) rejudged.add(key);
        content.isShared = isShared;
        if (isEmpty(content)) contents.delete(name);
      }
      moved.clear();
      return { opened: [...opened], rejudged: [...rejudged] };
    },
    isShared: (name) => contents.get(name)?.isShared ?? isClassContent(name),
    factFor: (name, self) => factOf(contents.get(name), self),
    summaryOf(name) {
      const content = contents.get(name);
      return content ? summarise(content) : { name, proven: false, failing: 0, message: '', waiting: 0 };
    },
    failed: (most) => failed.keys(most),
  };
}

function factOf(content: Content | undefined, self: string | undefined): ContentFact {
  let trying: string | undefined;
  for (const key of content?.trying ?? []) {
    if (key === self) continue;
    trying = key;
    break;
  }
  return { proven: (content?.proven ?? 0) > 0, trying, failing: content?.failures ?? 0 };
}

function isSharedContent({ name, proven, wanters }: Content): boolean {
  return proven === 0 && (isClassContent(name) || wanters.size > 1);
}

/** Whether it failed again and again since then. */
function isSince({ times }: Failure, resumedAt: string | undefined): boolean {
  return countSince(times, resumedAt) >= FAILED_TRIES;
}

/** How many of these moments are later. */
export function countSince(times: readonly string[], resumedAt: string | undefined): number {
  const from = Date.parse(resumedAt ?? '') || 0;
  return times.filter((at) => Date.parse(at) > from).length;
}

function isEmpty({ proven, trying, failing, verifying, wanted, wanters }: Content): boolean {
  return proven + trying.size + failing.size + verifying.size + wanted + wanters.size === 0;
}

function add(counts: Map<string, number>, name: string, by: 1 | -1): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}

function mark(set: Set<string>, key: string, by: 1 | -1): void {
  if (by > 0) set.add(key);
  else set.delete(key);
}
