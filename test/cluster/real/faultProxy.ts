import { Agent, request as ask, type Dispatcher } from 'undici';
import { StatusError } from '../../../dev/apiserver/errors/statusErrors.ts';
import type { CallInfo } from '../../../dev/apiserver/faults/counters.ts';
import { createFaults, type Faults } from '../../../dev/apiserver/faults/faults.ts';
import type { ApiRequest, ApiResponse } from '../../../dev/apiserver/request/http.ts';
import { parsePath } from '../../../dev/apiserver/request/requestInfo.ts';
import type { Watch, WatchFrame } from '../../../dev/apiserver/request/watchStream.ts';
import { createStore } from '../../../dev/apiserver/storage/store.ts';
import { callInfo, errorResponse, type Handler } from '../../../dev/apiserver/transport/handler.ts';
import { type Listening, listen } from '../../../dev/apiserver/transport/listen.ts';
import { createChannel } from '../../../dev/apiserver/verbs/channel.ts';
import { jsonLines } from '../../../src/controller/client/jsonLines.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';

export interface FaultProxy extends Listening {
  /** All but `stale`, which needs to know the past. */
  faults: Faults;
}

const PASSED_ON = ['accept', 'authorization', 'content-type', 'user-agent'] as const;

/** Stands before an API server and answers its callers with faults; all other requests and answers pass unchanged. */
export async function startFaultProxy(server: { url: string; caPEM: string }): Promise<FaultProxy> {
  const inner = createFaults(createStore(), systemClock, systemRandom);
  const faults: Faults = {
    ...inner,
    add(fault) {
      if (fault.effect.kind === 'stale') throw new Error('a proxy can not show what was: no stale here');
      return inner.add(fault);
    },
  };
  const dispatcher = new Agent({ connect: { ca: server.caPEM }, headersTimeout: 0, bodyTimeout: 0 });

  function forward({ method, path, query, headers, body }: ApiRequest): Promise<Dispatcher.ResponseData> {
    const passed = PASSED_ON.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
    return ask(`${server.url}${path}?${query}`, {
      dispatcher,
      method: method as Dispatcher.HttpMethod,
      headers: Object.fromEntries(passed),
      body: body.byteLength === 0 ? null : body,
    });
  }

  async function answered({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ApiResponse> {
    const { 'content-type': type = 'application/json', 'retry-after': retryAfter } = headers;
    const kept: Record<string, string> = { 'content-type': String(type) };
    if (retryAfter !== undefined) kept['retry-after'] = String(retryAfter);
    return { status: statusCode, headers: kept, body: await body.text() };
  }

  function watch(call: CallInfo, { body }: Dispatcher.ResponseData): Watch {
    const gate = faults.gate(call);
    const channel = createChannel<WatchFrame>(() => {
      gate.closed();
      body.destroy();
    });
    const read = async (): Promise<void> => {
      for await (const line of jsonLines(body)) gate.offer(line as WatchFrame, channel.push);
      if (gate.mayEnd()) channel.close();
    };
    // However the server's side breaks, so does the caller's.
    read().catch(channel.fail);
    const opened = { frames: channel, close: channel.close, abort: channel.fail };
    gate.opened(opened);
    return opened;
  }

  const handler: Handler = async (request) => {
    const call = callInfo(request, parsePath(request.path));
    try {
      await faults.before(call);
      const answer = await forward(request);
      if (call.verb === 'watch' && answer.statusCode === 200) {
        return { status: 200, headers: {}, watch: watch(call, answer) };
      }
      const response = await answered(answer);
      await faults.after(call);
      return response;
    } catch (error) {
      if (error instanceof StatusError) return errorResponse(error);
      throw error;
    }
  };

  // What breaks behind the proxy breaks before it: the caller reports it.
  const listening = await listen(handler, 0, () => undefined);
  return {
    ...listening,
    faults,
    async stop() {
      await listening.stop();
      await dispatcher.destroy();
    },
  };
}
