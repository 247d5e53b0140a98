import type { KubeObject } from '../../../src/controller/client/client.ts';
import { TransportError } from '../../../src/controller/client/errors.ts';
import type { KubeRequest, KubeResponse } from '../../../src/controller/client/transport.ts';
import type { Clock } from '../../../src/controller/lib/clock.ts';
import type { FakeKubeApi, Fault, Snapshot } from './fakeKubeApiPort.ts';

const COLLECTION = /^\/(api|apis\/[^/]+)\/[^/]+(\/namespaces\/[^/]+)?\/[^/]+$/;

interface Line {
  version: number;
  path: string;
  value: unknown;
}

interface OpenWatch {
  path: string;
  push(value: unknown): void;
  end(): void;
  fail(): void;
  frozen: boolean;
}

/** A small API server in memory: collections by path, versions, compare-and-swap, watches, and faults on demand. */
export function createFakeKubeApi(
  clock: Clock,
  options: { latencyMs?: number; pageSize?: number } = {},
): FakeKubeApi {
  let objects = new Map<string, Map<string, KubeObject>>();
  let history: Line[] = [];
  let version = 100;
  let compacted = 0;
  let frozen: Snapshot | undefined;
  let dropNext = false;
  const watches = new Set<OpenWatch>();
  const faults: { match: (request: KubeRequest) => boolean; fault: Fault }[] = [];
  const log: string[] = [];
  const requests: KubeRequest[] = [];

  const keyOf = (name: string, namespace?: string) => (namespace ? `${namespace}/${name}` : name);
  const collection = (path: string) => {
    const found = objects.get(path) ?? new Map<string, KubeObject>();
    objects.set(path, found);
    return found;
  };

  function emit(type: string, path: string, object: KubeObject): void {
    const line = { version, path, value: { type, object } };
    history.push(line);
    if (dropNext) {
      dropNext = false;
      return;
    }
    for (const watch of watches) if (watch.path === path) watch.push(line.value);
  }

  function put(
    path: string,
    object: { metadata: Partial<KubeObject['metadata']> & { name: string } },
  ): KubeObject {
    const key = keyOf(object.metadata.name, object.metadata.namespace);
    const old = collection(path).get(key);
    version++;
    const stored = structuredClone({
      ...object,
      metadata: {
        uid: old?.metadata.uid ?? `uid-${version}`,
        ...object.metadata,
        resourceVersion: String(version),
      },
    });
    collection(path).set(key, stored);
    emit(old ? 'MODIFIED' : 'ADDED', path, stored);
    return stored;
  }

  function remove(path: string, name: string, namespace?: string): void {
    const key = keyOf(name, namespace);
    const old = collection(path).get(key);
    if (!old) return;
    collection(path).delete(key);
    version++;
    emit('DELETED', path, { ...old, metadata: { ...old.metadata, resourceVersion: String(version) } });
  }

  const status = (code: number, reason: string): KubeResponse => ({
    status: code,
    headers: {},
    body: { kind: 'Status', status: 'Failure', code, reason, message: reason },
  });
  const ok = (body: unknown, code = 200): KubeResponse => ({
    status: code,
    headers: {},
    body: structuredClone(body),
  });

  function list(request: KubeRequest): KubeResponse {
    const from = frozen ?? { objects, version };
    const all = [...(from.objects.get(request.path) ?? new Map<string, KubeObject>()).values()];
    const limit = request.query?.limit
      ? Math.min(Number(request.query.limit), options.pageSize ?? 1e9)
      : all.length;
    const [start = 0, at = from.version] = (request.query?.continue ?? '')
      .split('@')
      .filter(Boolean)
      .map(Number);
    if (at < compacted && start > 0) return status(410, 'Expired');
    const metadata: Record<string, string> = { resourceVersion: String(from.version) };
    if (start + limit < all.length) metadata.continue = `${start + limit}@${from.version}`;
    return ok({ kind: 'List', metadata, items: all.slice(start, start + limit) });
  }

  function process(request: KubeRequest): KubeResponse {
    const body = request.body as KubeObject | undefined;
    if (request.method === 'POST' && body) {
      const namespace = /\/namespaces\/([^/]+)\//.exec(request.path)?.[1];
      if (collection(request.path).has(keyOf(body.metadata.name, namespace)))
        return status(409, 'AlreadyExists');
      return ok(put(request.path, { ...body, metadata: { ...body.metadata, namespace } }), 201);
    }
    if (request.method === 'GET' && COLLECTION.test(request.path)) return list(request);
    const slash = request.path.lastIndexOf('/');
    const path = request.path.slice(0, slash);
    const namespace = /\/namespaces\/([^/]+)\//.exec(request.path)?.[1];
    const name = request.path.slice(slash + 1);
    const held = objects.get(path)?.get(keyOf(name, namespace));
    if (!held) return status(404, 'NotFound');
    if (request.method === 'GET') return ok(held);
    if (request.method === 'DELETE') {
      remove(path, name, namespace);
      return ok({ kind: 'Status', status: 'Success' });
    }
    const asked = body?.metadata?.resourceVersion;
    if (asked !== undefined && asked !== held.metadata.resourceVersion) return status(409, 'Conflict');
    const next = request.method === 'PUT' ? body : { ...held, ...body };
    return ok(put(path, { ...next, metadata: { ...held.metadata, ...body?.metadata } }));
  }

  async function request(req: KubeRequest): Promise<KubeResponse> {
    requests.push(req);
    req.beforeSend?.();
    log.push(`${req.method} ${req.path}`);
    const place = faults.findIndex(({ match }) => match(req));
    const fault = place < 0 ? undefined : faults.splice(place, 1)[0]?.fault;
    if (options.latencyMs) await pause(req, options.latencyMs);
    if (fault?.kind === 'answer')
      return { status: fault.status, headers: fault.headers ?? {}, body: fault.body };
    if (fault?.kind === 'lose') return pause(req, Number.POSITIVE_INFINITY);
    const answer = process(req);
    if (fault?.kind === 'loseAnswer') return pause(req, Number.POSITIVE_INFINITY);
    if (fault?.kind === 'delayAnswer') await pause(req, fault.ms);
    return answer;
  }

  /** Waits as a real transport does: at most its timeout, and not past its signal. */
  function pause(req: KubeRequest, ms: number): Promise<never> {
    return new Promise((resolve, reject) => {
      const limit = req.timeoutMs ?? 30_000;
      const fail = (code: string) => {
        timer.cancel();
        reject(new TransportError(code, req.method, req.path, 'scripted'));
      };
      const timer = clock.setTimeout(
        () => (ms > limit ? fail('TIMEOUT') : resolve(undefined as never)),
        Math.min(ms, limit),
      );
      if (req.signal?.aborted) fail('ABORTED');
      req.signal?.addEventListener('abort', () => fail('ABORTED'), { once: true });
    });
  }

  async function stream(req: KubeRequest) {
    requests.push(req);
    log.push(`WATCH ${req.path}`);
    const place = faults.findIndex(({ match }) => match(req));
    const fault = place < 0 ? undefined : faults.splice(place, 1)[0]?.fault;
    if (fault?.kind === 'answer') return { status: fault.status, body: fault.body, lines: none() };
    if (fault?.kind === 'lose') await pause(req, Number.POSITIVE_INFINITY);
    const from = Number(req.query?.resourceVersion ?? 0);
    if (from < compacted)
      return { status: 200, lines: one({ type: 'ERROR', object: status(410, 'Expired').body }) };
    if (from > version) {
      const body = {
        kind: 'Status',
        code: 504,
        reason: 'Timeout',
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
      };
      return { status: 504, body, lines: none() };
    }
    const queue: unknown[] = history
      .filter((l) => l.version > from && l.path === req.path)
      .map((l) => l.value);
    let wake: (() => void) | undefined;
    let state: 'open' | 'ended' | 'failed' = 'open';
    const change = (next: typeof state) => {
      if (state === 'open') state = next;
      watches.delete(watch);
      wake?.();
    };
    const watch: OpenWatch = {
      path: req.path,
      frozen: false,
      push(value) {
        if (watch.frozen) return;
        queue.push(structuredClone(value));
        wake?.();
      },
      end: () => change('ended'),
      fail: () => change('failed'),
    };
    watches.add(watch);
    req.signal?.addEventListener('abort', watch.fail, { once: true });
    async function* lines() {
      try {
        for (;;) {
          while (queue.length > 0) {
            const value = queue.shift();
            if (value === BAD_LINE) throw new TransportError('BAD_BODY', 'GET', req.path, 'scripted');
            yield value;
          }
          if (state === 'ended') return;
          if (state === 'failed') throw new TransportError('ECONNRESET', 'GET', req.path, 'scripted');
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        watches.delete(watch);
      }
    }
    return { status: 200, lines: lines() };
  }

  return {
    request,
    stream,
    put,
    remove,
    get: (path, name, namespace) => objects.get(path)?.get(keyOf(name, namespace)),
    log,
    requests,
    fault: (match, ...list) => void faults.push(...list.map((fault) => ({ match, fault }))),
    compact() {
      compacted = version + 1;
      version++;
    },
    freezeLists() {
      frozen = { objects: structuredClone(objects), version };
      return () => {
        frozen = undefined;
      };
    },
    endWatches: () => [...watches].forEach((watch) => void watch.end()),
    breakWatches: () => [...watches].forEach((watch) => void watch.fail()),
    freezeWatches: () =>
      watches.forEach((watch) => {
        watch.frozen = true;
      }),
    send: (value) => watches.forEach((watch) => void watch.push(value)),
    bookmark() {
      const object = { metadata: { resourceVersion: String(version) } };
      watches.forEach((watch) => void watch.push({ type: 'BOOKMARK', object }));
    },
    watches: () => watches.size,
    version: () => String(version),
    snapshot: () => ({ objects: structuredClone(objects), version }),
    restore(snapshot) {
      objects = structuredClone(snapshot.objects);
      version = snapshot.version;
      history = history.filter((line) => line.version <= version);
    },
    dropNextEvent() {
      dropNext = true;
    },
  };
}

/** Stands for a line that is not JSON. */
export const BAD_LINE = 'not json';

async function* none(): AsyncGenerator<unknown, void> {}

async function* one(value: unknown): AsyncGenerator<unknown, void> {
  yield value;
}
