import type { Change } from '../../../dev/apiserver/storage/store.ts';
import { currentState } from '../../../dev/ec2/base/model.ts';
import { tagMap } from '../../../dev/ec2/base/tags.ts';
import type { Ec2Server } from '../../../dev/ec2/server.ts';
import type { LogLine } from '../../../dev/stack/operatorProcess.ts';
import type { Condition } from '../../../src/api/base/meta.ts';
import type { WorkspaceStatus } from '../../../src/api/kinds/workspace.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { createTimeline, type Note } from '../../support/base/timeline.ts';
import type { Witness } from './witness.ts';

type Version = Pick<Change, 'type' | 'object' | 'previous'>;

interface Seen {
  kind?: string;
  metadata: { name: string };
  status?: WorkspaceStatus;
}

/** All that was seen to happen in a scene: what people did, operators said, the cluster held and the cloud did. */
export interface Journal extends Witness {
  note: Note;
  /** A version of a Workspace, a class or an Event. */
  change(version: Version): void;
  /** A log line of an operator. */
  hear(who: string, line: LogLine): void;
  /** Called with each version of a Workspace from now on. Returns how to stop that. */
  onWorkspace(name: string, listener: (object: Version['object']) => void): () => void;
}

/** Fields of a log line that the timeline shows in another form, or not. */
const LEFT_OUT = [
  'time',
  'level',
  'msg',
  'component',
  'controller',
  'namespace',
  'uid',
  'lease',
  'term',
  'identity',
  'digest',
];
const LONGEST_FIELD = 80;
/** Objects shown at one look. */
const GLANCED = 12;

/** @param speed how many seconds of the protocol pass in one */
export function createJournal(speed: number): Journal & { attach(ec2: Ec2Server): void } {
  const begun = systemClock.monotonic();
  const timeline = createTimeline(() => (systemClock.monotonic() - begun) * speed);
  const present = new Map<string, Seen>();
  const listeners = new Set<{ name: string; listener: (object: Version['object']) => void }>();
  let cloud: Ec2Server['state'] | undefined;

  function instancesOf(name?: string): string[] {
    return [...(cloud?.instances.values() ?? [])]
      .filter((it) => name === undefined || tagMap(it.tags)[TAG.name] === name)
      .map((it) => `${it.id} ${currentState(it)}`);
  }

  return {
    note: timeline.note,
    timeline: timeline.text,
    change(version) {
      timeline.change(version);
      const seen = version.object as unknown as Seen;
      if ('involvedObject' in version.object) return;
      const key = `${seen.kind} ${seen.metadata.name}`;
      if (version.type === 'DELETED') present.delete(key);
      else present.set(key, seen);
      if (seen.kind !== 'Workspace') return;
      for (const { name, listener } of listeners) if (name === seen.metadata.name) listener(version.object);
    },
    hear(who, line) {
      if (line.level === 'debug') return;
      const fields = Object.entries(line).flatMap(([name, value]) =>
        LEFT_OUT.includes(name) ? [] : [`${name}=${short(value)}`],
      );
      timeline.note(`${who}: ${String(line.msg)} ${fields.join(' ')}`);
    },
    onWorkspace(name, listener) {
      const entry = { name, listener };
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    attach({ state }) {
      cloud = state;
      const nameOf = (tags: Parameters<typeof tagMap>[0]) => tagMap(tags)[TAG.name];
      state.lifecycle.subscribe(({ id, tags }, now) =>
        timeline.note(`EC2: ${id} of ${nameOf(tags)} is ${now}`),
      );
      state.ledger.onCall(({ action, dryRun, outcome, answered }) => {
        if (/^(Describe|Get)/.test(action) && outcome === 'ok' && answered) return;
        const how = `${outcome}${answered ? '' : ', unanswered'}`;
        timeline.note(`EC2: ${action}${dryRun ? ' (dry run)' : ''} → ${how}`);
      });
    },
    glance() {
      const lines = [...present.values()].map(({ kind, metadata: { name }, status }) => {
        const { launch, conditions = [] } = status ?? {};
        const said = conditions
          .filter(isShown)
          .map((it) => `${it.type}=${it.status} ${it.reason} (${it.message})`);
        if (kind !== 'Workspace') return `class ${name}: ${said.join(', ')}`;
        const instances = instancesOf(name).slice(-3).join(', ') || 'none';
        return `${name}: launch ${launch?.number ?? 'none'} ${launch?.phase ?? ''}, ${said.join(', ')}; instances: ${instances}`;
      });
      const left = lines.length - GLANCED;
      return [...lines.slice(0, GLANCED), ...(left > 0 ? [`and ${left} more`] : [])].join('\n  ');
    },
  };
}

/** The conditions that say how it is, and those that are not as they should be. */
function isShown({ type, status }: Condition): boolean {
  return type === 'Ready' || type === 'UpToDate' || status !== 'True';
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_FIELD ? `${text.slice(0, LONGEST_FIELD)}…` : text;
}
