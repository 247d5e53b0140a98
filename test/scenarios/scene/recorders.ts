import type { Ec2Server } from '../../../dev/ec2/server.ts';
import type { OperatorProcess } from '../../../dev/stack/operatorProcess.ts';
import type { KubeClient, Resource } from '../../../src/controller/client/client.ts';
import type { Note } from '../../support/base/timeline.ts';
import type { Raised } from './raised.ts';
import { within } from './until.ts';

const LONGEST = 160;

/** Records what people write to the cluster, without the content of Secrets. */
export function recordedKube(kube: KubeClient, note: Note): KubeClient {
  const line = (verb: string, { plural }: Resource, name: string, body?: unknown) =>
    note(`someone: ${verb} ${plural} ${name} ${plural === 'secrets' ? '' : short(body)}`.trim());
  return {
    ...kube,
    create(resource, body, ...rest) {
      const { metadata, spec } = body as { metadata?: { name?: string }; spec?: unknown };
      line('create', resource, metadata?.name ?? '', spec);
      return kube.create(resource, body, ...rest);
    },
    replace(resource, body, ...rest) {
      line('replace', resource, body.metadata.name);
      return kube.replace(resource, body, ...rest);
    },
    mergePatch(resource, target, patch, ...rest) {
      line(`patch ${target.subresource ?? ''}`.trim(), resource, target.name, patch);
      return kube.mergePatch(resource, target, patch, ...rest);
    },
    delete(resource, name, ...rest) {
      line('delete', resource, name);
      return kube.delete(resource, name, ...rest);
    },
  };
}

/** Records what tests do to cluster, cloud and agents. */
export function recordedStack<T extends Raised['stack']>(stack: T, note: Note): T {
  const { api, agents } = stack;
  const ec2: Ec2Server = {
    ...stack.ec2,
    faults: recorded(stack.ec2.faults, ['add', 'end', 'impair'], 'EC2 from now on', note),
  };
  return {
    ...stack,
    ec2,
    api: {
      ...api,
      faults: recorded(api.faults, ['add', 'clear', 'closeWatches'], 'API server from now on', note),
    },
    agents: recorded(agents, ['silence', 'hold', 'crash'], 'agents from now on', note),
  };
}

/** Records the process's end; a wait for it has a limit. */
export function recordedProcess(process: OperatorProcess, note: Note): OperatorProcess {
  void process.ended.then((code) => note(`operator ${process.pid}: ended (${code ?? 'by a signal'})`));
  return {
    ...process,
    line: (matches) => within(`operator ${process.pid} says what fits ${matches}`, process.line(matches)),
    end(signal) {
      note(`someone: ${signal} to operator ${process.pid}`);
      return process.end(signal);
    },
  };
}

function recorded<T extends object>(
  target: T,
  names: readonly (keyof T & string)[],
  who: string,
  note: Note,
): T {
  const entries = names.map((name) => {
    const call = target[name] as (...args: unknown[]) => unknown;
    return [
      name,
      (...args: unknown[]) => {
        note(`${who}: ${name} ${args.map(short).join(' ')}`);
        return call(...args);
      },
    ];
  });
  return { ...target, ...Object.fromEntries(entries) };
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
