import type { Change } from '../../dev/apiserver/store.ts';
import { TAG } from '../../src/api/tags.ts';
import type { KubeRequest, Transport } from '../../src/controller/transport.ts';
import type { Ec2Calls, RunRequest } from '../../src/ec2/port.ts';
import type { Scene, Wire } from '../simulator/scene.ts';
import { nameOf } from './books.ts';
import { STORAGE, type StoredEvent } from './people.ts';

/** Lines shown of a story that failed, the newest; TIMELINE=n shows more. */
const SHOWN = Number(process.env.TIMELINE ?? 150);
/** Lines among which one that is told again is counted and not repeated. */
const RECENT = 8;

type Tell = (what: string) => void;

/** What all of them did, each in one line: people, operators, API server, EC2. */
export interface Timeline {
  /** Told of what each process asks and is answered. */
  wire: Wire;
  tell: Tell;
  /** What happens of its own accord. */
  attach(scene: Scene): void;
  text(): string;
}

export function createTimeline(now: () => number): Timeline {
  const lines: { at: number; what: string; times: number }[] = [];

  function tell(what: string): void {
    const known = lines.slice(-RECENT).find((line) => line.what === what);
    if (known) known.times += 1;
    else lines.push({ at: now(), what, times: 1 });
  }

  return {
    tell,
    wire: {
      transport: (process, inner) => told(process, inner, tell),
      calls: (process, inner) => toldCalls(process, inner, tell),
    },
    attach({ api, service }) {
      service.cloud.lifecycle.subscribe((instance, state) =>
        tell(`EC2: ${instance.id} of ${nameOf(instance)} is ${state}`),
      );
      for (const storage of [STORAGE.workspaces, STORAGE.classes])
        api.state.subscribe(storage, {
          change: (change) => tellChange(change, tell),
          reset: () => undefined,
        });
      api.state.subscribe(STORAGE.events, {
        change({ object }) {
          const { type, reason, message, involvedObject } = object as unknown as StoredEvent;
          tell(`event of ${involvedObject.name}: ${type} ${reason}: ${message.slice(0, 120)}`);
        },
        reset: () => undefined,
      });
    },
    text() {
      const shown = lines.slice(-SHOWN);
      const left = lines.length - shown.length;
      const head = left > 0 ? [`  (${left} lines before; TIMELINE=${lines.length} shows them)`] : [];
      const body = shown.map(({ at, what, times }) => {
        const again = times > 1 ? ` (×${times})` : '';
        return `${(at / 1_000).toFixed(2).padStart(9)}s ${what}${again}`;
      });
      return [...head, ...body].join('\n');
    },
  };
}

function told(process: string, inner: Transport, tell: Tell): Transport {
  const line = ({ method, path }: KubeRequest) => `${process}: ${method} ${path.replace(/^\/apis?\//, '')}`;
  async function watched<T extends { status: number }>(request: KubeRequest, answer: Promise<T>): Promise<T> {
    const isNews = request.method !== 'GET' && !/\/(leases|events)(\/|$)/.test(request.path);
    try {
      const answered = await answer;
      if (isNews || answered.status >= 400) tell(`${line(request)} → ${answered.status}`);
      return answered;
    } catch (error) {
      tell(`${line(request)} → ${messageOf(error)}`);
      throw error;
    }
  }
  return {
    request: (request) => watched(request, inner.request(request)),
    stream: (request) => watched(request, inner.stream(request)),
  };
}

function toldCalls(process: string, inner: Ec2Calls, tell: Tell): Ec2Calls {
  const entries = Object.entries(inner).map(([action, run]) => {
    const call = async (...args: unknown[]) => {
      const line = `${process}: EC2 ${action} ${subject(args[0])}`;
      try {
        const answer = await (run as (...given: unknown[]) => Promise<unknown>)(...args);
        if (!/^(describe|get)/.test(action)) tell(`${line} → ${idOf(answer)}`);
        return answer;
      } catch (error) {
        tell(`${line} → ${messageOf(error)}`);
        throw error;
      }
    };
    return [action, call];
  });
  return Object.fromEntries(entries) as unknown as Ec2Calls;
}

function subject(argument: unknown): string {
  if (Array.isArray(argument)) return argument.join();
  const { params, dryRun } = argument as Partial<RunRequest>;
  if (!params) return '';
  const tag = (key: string) => params.tags.find((it) => it.key === key)?.value;
  return `${tag(TAG.name)} #${tag(TAG.number)} ${params.instanceType}${dryRun ? ' (dry run)' : ''}`;
}

function idOf(answer: unknown): string {
  return (answer as { id?: string } | undefined)?.id ?? 'ok';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? `${String(error.code)}: ` : '';
  return `${code}${error.message.slice(0, 100)}`;
}

interface Told {
  metadata: { name: string; deletionTimestamp?: string };
  status?: {
    launch?: { number: number; phase: string; instanceID?: string; cause?: { kind: string } };
    terminating?: { instanceID: string }[];
    conditions?: { type: string; status: string; reason: string }[];
  };
}

/** A Workspace or a class, in parts of which those that changed are told. */
function partsOf({ metadata, status }: Told): Map<string, string> {
  const { launch, terminating = [], conditions = [] } = status ?? {};
  const parts = new Map(conditions.map(({ type, status: holds, reason }) => [type, `${holds} ${reason}`]));
  if (launch)
    parts.set(
      'launch',
      `${launch.number} ${launch.phase} ${launch.cause?.kind ?? ''} ${launch.instanceID ?? ''}`.trim(),
    );
  parts.set('terminating', terminating.map(({ instanceID }) => instanceID).join() || 'none');
  if (metadata.deletionTimestamp !== undefined) parts.set('metadata', 'being deleted');
  return parts;
}

function tellChange({ type, object, previous }: Change, tell: Tell): void {
  const now = object as unknown as Told;
  const { name } = now.metadata;
  if (type !== 'MODIFIED' || !previous) {
    tell(`cluster: ${name} ${type.toLowerCase()}`);
    return;
  }
  const before = partsOf(previous as unknown as Told);
  const after = partsOf(now);
  const changed = [...after].filter(([part, text]) => before.get(part) !== text);
  const gone = [...before.keys()].filter((part) => !after.has(part)).map((part) => `no ${part}`);
  const words = [...changed.map(([part, text]) => `${part} ${text}`), ...gone];
  if (words.length > 0) tell(`cluster: ${name}: ${words.join('; ')}`);
}
