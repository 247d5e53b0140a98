import { metaOf, stringAt } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import type { KubeRequest, Transport } from '../../../src/controller/client/transport.ts';

export interface Frame {
  type: string;
  object: JsonObject;
}

/** A watch that was opened. Waits have no limit of their own: the test's ends them. */
export interface WatchedFrames {
  /** 200, or the status that it was refused with. */
  status: number;
  body: JsonObject;
  /** The next frames, in their order; rejects when the watch ends first. */
  take(count: number): Promise<Frame[]>;
  /** `ADDED a` and so on of the next frames. */
  takeNamed(count: number): Promise<string[]>;
  /** What is left until the server ends it. */
  rest(): Promise<Frame[]>;
  close(): void;
}

export function named({ type, object }: Frame): string {
  return `${type} ${stringAt(metaOf(object), 'name')}`.trim();
}

export async function followWatch(transport: Transport, request: KubeRequest): Promise<WatchedFrames> {
  const abort = new AbortController();
  const { status, body, lines } = await transport.stream({ ...request, signal: abort.signal });
  const frames = lines[Symbol.asyncIterator]() as AsyncIterator<Frame>;
  const take = async (count: number): Promise<Frame[]> => {
    const taken: Frame[] = [];
    while (taken.length < count) {
      const { done, value } = await frames.next();
      if (done) throw new Error(`the watch ended after ${taken.map(named).join(', ') || 'nothing'}`);
      taken.push(value);
    }
    return taken;
  };
  return {
    status,
    body: (body ?? {}) as JsonObject,
    take,
    takeNamed: async (count) => (await take(count)).map(named),
    async rest() {
      const left: Frame[] = [];
      for (;;) {
        const { done, value } = await frames.next();
        if (done) return left;
        left.push(value);
      }
    },
    close: () => abort.abort(),
  };
}
