import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Credentials } from './credentials.ts';
import type { RequestLimits } from './requestLimits.ts';

/** Below the idle timeouts of common load balancers, as client-go. */
const TCP_KEEP_ALIVE_MS = 30_000;

/**
 * A pool of kept-alive connections made with these credentials. Requests carry their RequestLimits as `opaque`, whose
 * `beforeSend` is called when a connection is at hand and nothing was written to it yet.
 */
export function createDispatcher(credentials: Credentials, connectTimeoutMs: number): Dispatcher {
  const { tls, proxyURL } = credentials;
  const connect = { ...defined(tls), keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
  // Times are limited by the caller's clock; undici's own limits would be a second truth.
  const options = { allowH2: false, headersTimeout: 0, bodyTimeout: 0, connectTimeout: connectTimeoutMs };
  if (proxyURL === undefined) return new Agent({ ...options, connect }).compose(callBeforeSend);
  if (!/^https?:/.test(proxyURL)) {
    throw new Error('the kubeconfig names a proxy that is neither http nor https; none other is supported');
  }
  return new ProxyAgent({ ...options, uri: proxyURL, requestTls: connect }).compose(callBeforeSend);
}

function callBeforeSend(dispatch: Dispatcher.Dispatch): Dispatcher.Dispatch {
  return (options: Dispatcher.DispatchOptions & { opaque?: unknown }, handler) => {
    const limits = options.opaque as RequestLimits | undefined;
    return dispatch(options, limits ? guarded(handler, limits) : handler);
  };
}

function guarded(handler: Dispatcher.DispatchHandler, limits: RequestLimits): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller, context) {
      // A throw here fails the request, before its first byte.
      if (!limits.signal.aborted) limits.beforeSend();
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
