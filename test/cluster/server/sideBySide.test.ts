import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningApiServer, startApiServer } from '../../../dev/apiserver/server.ts';
import { isObject, metaOf, objectsAt, stringAt, without } from '../../../dev/apiserver/values/json.ts';
import type { JsonObject, JsonValue } from '../../../dev/apiserver/values/kinds.ts';
import { kubeTransport } from '../../../src/controller/client/httpTransport.ts';
import { parseKubeConfig } from '../../../src/controller/client/kubeConfig.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { until } from '../../scenarios/scene/until.ts';
import { realCluster } from '../real/ownCluster.ts';
import {
  type FieldWrite,
  ownedDefinition,
  requestOf,
  type WrittenKind,
  writesOf,
  writtenKinds,
} from './fieldWrites.ts';

/** More, and others, by the environment: each sequence is several requests to either server. */
const RUNS = Number(process.env.SIDE_BY_SIDE_RUNS ?? 60);
const SEED = Number(process.env.SIDE_BY_SIDE_SEED ?? 1);

type Transport = ReturnType<typeof kubeTransport>;

function open(kubeconfig: string): Transport {
  const loadKubeConfig = () => parseKubeConfig(kubeconfig);
  return kubeTransport({ clock: systemClock, metrics: createRuntimeMetrics(), loadKubeConfig });
}

/** Without what differs by nature: identities, versions, times, and the order of several errors. */
function comparable(body: JsonValue, name: string): JsonValue {
  if (!isObject(body)) return body;
  if (body.kind === 'Status') {
    const errors = stringAt(body, 'message')
      .replaceAll(name, 'NAME')
      .split(/[[\],] ?/);
    return { code: body.code ?? null, reason: body.reason ?? null, errors: errors.toSorted() };
  }
  const meta = without(metaOf(body), 'uid', 'resourceVersion', 'creationTimestamp');
  const owners = objectsAt(meta, 'managedFields').map(
    (entry): JsonObject => ({ ...entry, time: typeof entry.time }),
  );
  // By age, and a second may begin between two writes to the one server and not to the other.
  const idOf = ({ operation, manager, subresource }: JsonObject) =>
    JSON.stringify([operation, manager, subresource]);
  const managedFields = owners.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  return { ...body, metadata: { ...meta, managedFields } };
}

describe('any writes by any managers, on the embedded API server and on kube-apiserver', () => {
  let embedded: RunningApiServer;
  const failures: unknown[] = [];
  const servers: Transport[] = [];
  let made = 0;

  beforeAll(async () => {
    const access = realCluster();
    const logger = { error: (fields: object) => void failures.push(fields) };
    embedded = await startApiServer({ clock: systemClock, random: systemRandom, logger });
    servers.push(open(embedded.kubeconfig), open(access.kubeconfig));
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    for (const server of servers) {
      await server.request({ method: 'POST', path, body: ownedDefinition });
      await until('the kind is served', async () => {
        const things = await server.request({ method: 'GET', path: '/apis/owned.example.com/v1/things' });
        return things.status === 200;
      });
    }
  });
  afterAll(async () => {
    for (const server of servers) await server.close();
    await embedded.stop();
  });

  async function write(server: Transport, kind: WrittenKind, name: string, one: FieldWrite) {
    const found = await server.request({ method: 'GET', path: `${kind.path}/${name}` });
    const live = found.status === 200 ? (found.body as JsonObject) : undefined;
    const { status, body } = await server.request(requestOf(kind, name, one, live));
    return { status, body: comparable(body as JsonValue, name) };
  }

  test.each(writtenKinds)('leave the same $kind, owned by the same, and are refused alike', async (kind) => {
    await fc.assert(
      fc.asyncProperty(writesOf(kind), async (writes) => {
        made += 1;
        const name = `side-${made}-${Date.now().toString(36)}`;
        for (const one of writes) {
          const [ours, theirs] = await Promise.all(servers.map((server) => write(server, kind, name, one)));
          expect(ours).toEqual(theirs);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(failures).toEqual([]);
  });
});
