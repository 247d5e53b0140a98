import { TAG } from '../../../src/api/launch/tags.ts';
import type { KubeRequest, Transport } from '../../../src/controller/client/transport.ts';
import type { Ec2Calls, RunRequest } from '../../../src/ec2/calls/port.ts';
import type { Scene, Wire } from '../../simulator/scene/scene.ts';
import { createTimeline, type Note, type Timeline } from '../../support/base/timeline.ts';
import { nameOf } from './books.ts';
import { STORAGE } from './people.ts';

/** The same of a world in virtual time, with what each process asks and is answered. */
export interface WorldTimeline extends Timeline {
  wire: Wire;
  /** What happens of its own accord. */
  attach(scene: Scene): void;
}

export function createWorldTimeline(now: () => number): WorldTimeline {
  const timeline = createTimeline(now);
  const { note, change } = timeline;
  return {
    ...timeline,
    wire: {
      transport: (process, inner) => recordedTransport(process, inner, note),
      calls: (process, inner) => recordedCalls(process, inner, note),
    },
    attach({ api, service }) {
      service.cloud.lifecycle.subscribe((instance, state) =>
        note(`EC2: ${instance.id} of ${nameOf(instance)} is ${state}`),
      );
      for (const storage of [STORAGE.workspaces, STORAGE.classes, STORAGE.events])
        api.state.subscribe(storage, { change, reset: () => undefined });
    },
  };
}

function recordedTransport(process: string, inner: Transport, note: Note): Transport {
  const line = ({ method, path }: KubeRequest) => `${process}: ${method} ${path.replace(/^\/apis?\//, '')}`;
  async function watched<T extends { status: number }>(request: KubeRequest, answer: Promise<T>): Promise<T> {
    const isNews = request.method !== 'GET' && !/\/(leases|events)(\/|$)/.test(request.path);
    try {
      const answered = await answer;
      if (isNews || answered.status >= 400) note(`${line(request)} → ${answered.status}`);
      return answered;
    } catch (error) {
      note(`${line(request)} → ${messageOf(error)}`);
      throw error;
    }
  }
  return {
    request: (request) => watched(request, inner.request(request)),
    stream: (request) => watched(request, inner.stream(request)),
  };
}

function recordedCalls(process: string, inner: Ec2Calls, note: Note): Ec2Calls {
  const entries = Object.entries(inner).map(([action, run]) => {
    const call = async (...args: unknown[]) => {
      const line = `${process}: EC2 ${action} ${subject(args[0])}`;
      try {
        const answer = await (run as (...given: unknown[]) => Promise<unknown>)(...args);
        if (!/^(describe|get)/.test(action)) note(`${line} → ${idOf(answer)}`);
        return answer;
      } catch (error) {
        note(`${line} → ${messageOf(error)}`);
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
