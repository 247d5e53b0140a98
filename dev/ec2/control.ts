import { z } from 'zod';
import { CloudError } from './base/errors.ts';
import { currentState } from './base/model.ts';
import { tagMap } from './base/tags.ts';
import type { Service } from './exchange/exchange.ts';
import type { HttpRequest, HttpResponse } from './handler.ts';
import type { AgentControls } from './instances/runtime.ts';

/** Where the control endpoint begins; everything else is AWS. */
export const CONTROL_PATH = '/_control/';

const ms = z.number().min(0);
const cut = z.enum(['reset', 'hang']);
const unlimited = z.null().transform(() => Number.POSITIVE_INFINITY);

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lostRequest'), how: cut }),
  z.strictObject({ kind: z.literal('lostResponse'), how: cut }),
  z.strictObject({ kind: z.literal('late'), how: cut, afterMs: ms }),
  z.strictObject({ kind: z.literal('delayedAnswer'), ms }),
  z.strictObject({ kind: z.literal('latency'), ms }),
  z.strictObject({ kind: z.literal('error'), code: z.string().min(1), message: z.string().optional() }),
]);
const rule = z.strictObject({
  action: z.string().min(1),
  fault,
  times: z.int().min(1).or(unlimited).optional(),
  match: z.record(z.string(), z.string()).optional(),
  dryRun: z.boolean().optional(),
});
const capacity = z.strictObject({
  type: z.string().min(1).default('*'),
  zone: z.string().min(1).default('*'),
  capacityType: z.enum(['OnDemand', 'Spot']).optional(),
  left: z.int().min(0).or(z.literal('unsupported')).or(unlimited),
});
const most = z.number().min(0).or(unlimited);
const quota = z
  .strictObject({
    vcpus: most,
    spotVcpus: most,
    buckets: z.record(z.string().regex(/^(OnDemand|Spot)\/./), most),
    instances: most,
  })
  .partial();
const end = z.strictObject({ code: z.string(), message: z.string() }).optional();
const on = z.strictObject({ on: z.boolean() });
const impaired = on.extend({ check: z.enum(['instance', 'system']).default('instance') });

type Route = (context: {
  service: Service;
  agents: AgentControls | undefined;
  ids: string[];
  body: unknown;
}) => unknown;

// A path's `:` stands for one segment, handed over decoded.
const ROUTES: Readonly<Record<string, Route>> = {
  'GET counters': ({ service: { cloud } }) => ({
    calls: cloud.ledger.calls(),
    provisions: cloud.ledger.provisions().length,
    terminations: cloud.ledger.terminations().length,
  }),
  'GET provisions': ({ service: { cloud } }) => cloud.ledger.provisions(),
  'GET terminations': ({ service: { cloud } }) => cloud.ledger.terminations(),
  'GET instances': ({ service: { cloud } }) =>
    [...cloud.instances.values()].map((instance) => ({
      id: instance.id,
      state: currentState(instance),
      type: instance.type,
      zone: instance.zone,
      boots: instance.boots,
      tags: tagMap(instance.tags),
      stateReason: instance.stateReason,
    })),
  'GET faults': ({ service: { faults } }) => faults.rules(),
  'POST faults': ({ service: { faults }, body }) => ({ id: faults.add(rule.parse(body)) }),
  'DELETE faults': ({ service: { faults } }) => faults.clear(),
  'DELETE faults/:': ({ service: { faults }, ids: [id] }) => faults.remove(Number(id)),
  'POST capacity': ({ service: { faults }, body }) => faults.capacity(capacity.parse(body)),
  'POST quota': ({ service: { cloud }, body }) => {
    Object.assign(cloud.account.quota, quota.parse(body));
  },
  'POST freeze-pending': ({ service: { faults }, body }) => faults.freezePending(on.parse(body).on),
  'POST instances/:/end': ({ service: { faults }, ids: [id = ''], body }) => faults.end(id, end.parse(body)),
  'POST instances/:/interrupt': ({ service: { faults }, ids: [id = ''] }) => faults.interrupt(id),
  'POST instances/:/hide': ({ service: { faults }, ids: [id = ''], body }) =>
    faults.hide(id, z.strictObject({ ms }).parse(body).ms),
  'POST instances/:/impair': ({ service: { faults }, ids: [id = ''], body }) => {
    const { on: fails, check } = impaired.parse(body);
    faults.impair(id, fails && check);
  },
  'POST agents/:/silence': ({ agents, ids: [target = ''], body }) =>
    present(agents).silence(target, on.parse(body).on),
  'POST agents/:/hold': ({ agents, ids: [target = ''], body }) =>
    present(agents).hold(target, on.parse(body).on),
  'POST agents/:/crash': ({ agents, ids: [target = ''] }) => present(agents).crash(target),
};

/** The control endpoint: faults in, books out, all JSON. In numbers, null means without limit. */
export function handleControl(
  service: Service,
  agents: AgentControls | undefined,
  request: HttpRequest,
): HttpResponse {
  const path = request.url.slice(CONTROL_PATH.length).split('?')[0] ?? '';
  for (const [pattern, route] of Object.entries(ROUTES)) {
    const ids = match(pattern, `${request.method} ${path}`);
    if (ids === undefined) continue;
    try {
      const body: unknown = request.body === '' ? undefined : JSON.parse(request.body);
      return json(200, route({ service, agents, ids, body }) ?? {});
    } catch (error) {
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      if (error instanceof CloudError || error instanceof SyntaxError)
        return json(400, { error: error.message });
      throw error;
    }
  }
  return json(404, { error: `no ${request.method} ${request.url}`, routes: Object.keys(ROUTES) });
}

function match(pattern: string, text: string): string[] | undefined {
  const source = pattern.replaceAll(':', '([^/]+)');
  return new RegExp(`^${source}$`).exec(text)?.slice(1).map(decodeURIComponent);
}

function present(agents: AgentControls | undefined): AgentControls {
  if (agents === undefined) throw new CloudError('NoRuntime', 'Nothing runs on the instances of this cloud.');
  return agents;
}

const json = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: `${JSON.stringify(body, null, 2)}\n`,
});
