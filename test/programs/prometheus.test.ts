import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../dev/ports.ts';
import type { Stack } from '../../dev/stack/stack.ts';
import { WORKSPACES } from '../../src/reconcilers/workspace/context/deps.ts';
import { askedOf, readDashboard } from '../alerts/dashboard.ts';
import { RULES } from '../alerts/rules.ts';
import { scaleRules } from '../alerts/scaledRules.ts';
import { CLASSES, NAMESPACE } from '../scenarios/scene/objects.ts';
import { raiseEmbedded } from '../scenarios/scene/raised.ts';
import { createSceneOn, type Scene } from '../scenarios/scene/scene.ts';
import { until } from '../scenarios/scene/until.ts';
import {
  createWorkspace,
  patchWorkspace,
  putSecret,
  untilGone,
  untilReady,
} from '../scenarios/scene/workspaces.ts';
import { findDebianProgram } from '../support/programs/debianPackage.ts';
import { needed } from '../support/programs/needed.ts';
import { type PrometheusServer, startPrometheus } from './prometheusServer.ts';

/** Minutes of the rules are seconds here, and Prometheus scrapes each second instead of each minute. */
const FACTOR = 60;
/** What a class says in seconds is in seconds here; the gateway knows no others. */
const HEARTBEAT = { periodSeconds: 1, timeoutSeconds: 5 };
const INTERVALS = { WORKSPACE_TIMING_SECOND_MS: '1000', WORKSPACE_AWS_CAPACITY_RETRY_MS: '3000' };
const FLEET = ['ada', 'bob', 'cid', 'dan'];

interface Control {
  method?: 'POST' | 'DELETE';
  path: string;
  body?: unknown;
}

/** One fault, as docs/faults.md has it: what begins it, what ends it, and the one alert that it is for. */
interface Fault {
  alert: string;
  where: 'cloud' | 'cluster';
  begin: Control;
  end: Control;
  /** What happens in the cluster meanwhile, and is undone at the end. */
  people?: { act(scene: Scene): Promise<void>; undo(scene: Scene): Promise<void> };
}

const oneMore = {
  async act(scene: Scene) {
    await putSecret(scene, 'eve-env', { KEY: 'first' });
    await createWorkspace(scene, 'eve');
  },
  async undo(scene: Scene) {
    await untilReady(scene, 'eve');
    await scene.kube.delete(WORKSPACES, 'eve', NAMESPACE);
    await untilGone(scene, 'eve');
  },
};

const FAULTS: readonly Fault[] = [
  {
    alert: 'WorkspaceQuotaExceeded',
    where: 'cloud',
    begin: { path: 'quota', body: { vcpus: 0 } },
    end: { path: 'quota', body: { vcpus: null } },
    people: oneMore,
  },
  {
    alert: 'WorkspaceNoCapacity',
    where: 'cloud',
    begin: { path: 'capacity', body: { left: 0 } },
    end: { path: 'capacity', body: { left: null } },
    people: oneMore,
  },
  {
    alert: 'WorkspaceNotReady',
    where: 'cloud',
    begin: { path: 'freeze-pending', body: { on: true } },
    end: { path: 'freeze-pending', body: { on: false } },
    people: oneMore,
  },
  {
    alert: 'WorkspaceEvidenceMissing',
    where: 'cloud',
    begin: { path: 'agents/*/silence', body: { on: true } },
    end: { path: 'agents/*/silence', body: { on: false } },
  },
  {
    alert: 'WorkspaceReconcileErrors',
    where: 'cluster',
    begin: {
      path: 'faults',
      body: {
        effect: { kind: 'error', status: 500, reason: 'InternalError' },
        match: { resources: ['workspaces'], subresources: ['status'], verbs: ['patch', 'update'] },
      },
    },
    end: { method: 'DELETE', path: 'faults' },
    people: {
      async act(scene) {
        for (const name of FLEET)
          await patchWorkspace(scene, name, { spec: { requests: { restart: 'once' } } });
      },
      async undo(scene) {
        for (const name of FLEET) await untilReady(scene, name, 2);
      },
    },
  },
];

const program = await needed(() => findDebianProgram('prometheus', 'usr/bin/prometheus'));

describe.skipIf(program === undefined)('under a real Prometheus, with the rules that are shipped', () => {
  const beganAt = Date.now() / 1_000;
  let scene: Scene & { stack: Stack };
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    scene = await createSceneOn(raiseEmbedded, { cloud: { pending: [300, 500] } });
    await scene.kube.mergePatch(CLASSES, { name: 'standard' }, { spec: { heartbeat: HEARTBEAT } });
    const port = await freePort();
    const operator = scene.spawn({ ...INTERVALS, WORKSPACE_METRICS_LISTEN_PORT: String(port) });
    await operator.line(({ msg }) => msg === 'started');
    const rules = scaleRules(await readFile(RULES, 'utf8'), FACTOR);
    prometheus = await startPrometheus({ program: program ?? '', target: `127.0.0.1:${port}`, rules });
    for (const name of FLEET) {
      await putSecret(scene, `${name}-env`, { KEY: 'first' });
      await createWorkspace(scene, name);
    }
    for (const name of FLEET) await untilReady(scene, name);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await scene?.close();
  });

  async function control(where: Fault['where'], { method = 'POST', path, body }: Control): Promise<void> {
    const { ec2, api } = scene.stack;
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    try {
      const answer = await request(`${where === 'cloud' ? ec2.url : api.url}/_control/${path}`, {
        method,
        dispatcher,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect(answer.statusCode, await answer.body.text()).toBeLessThan(300);
    } finally {
      await dispatcher.close();
    }
  }

  test('nothing fires while all is well', async () => {
    // Prometheus scrapes for the first time five seconds after it starts, and misses the operator until then.
    await until('the fleet is scraped as Ready', async () => {
      const [ready] = await prometheus.query('workspace_workspaces{reason="Ready"}');
      return ready?.value?.[1] === String(FLEET.length);
    });
    await until('nothing fires', async () => (await prometheus.firing()).length === 0);
  });

  test.each(FAULTS)(
    '$begin.path $begin.body in the $where: $alert fires, no other, and clears',
    async ({ alert, where, begin, end, people }) => {
      const before = Date.now();
      await control(where, begin);
      await people?.act(scene);
      await until(`${alert} fires`, async () => (await prometheus.firing()).includes(alert));
      await control(where, end);
      await people?.undo(scene);
      await until(`${alert} clears`, async () => !(await prometheus.firing()).includes(alert));
      expect(await prometheus.firedSince(before)).toEqual([alert]);
      expect(await prometheus.firing()).toEqual([]);
    },
  );

  test('all but the fleet’s metrics are at most 1,000 series; src/reconcilers/figures shows the other 1,000 at 10,000 Workspaces', async () => {
    const fleets =
      'workspace_(workspaces|oldest_.*|rollout_.*|instances|instance_seconds_total|change.*|provisions_total|ledger_violations_total)';
    const counted = async (selector: string) =>
      Number((await prometheus.query(`count({job="workspace-operator", ${selector}})`))[0]?.value?.[1]);
    expect(await counted(`__name__=~"${fleets}"`)).toBeGreaterThan(100);
    const rest = await counted(`__name__!~"${fleets}|up|scrape_.*"`);
    expect(rest).toBeGreaterThan(300);
    expect(rest).toBeLessThanOrEqual(1_000);
  });

  test('each query of the dashboard has data of that time', async () => {
    const { panels } = await readDashboard();
    const empty: string[] = [];
    for (const { title, targets } of panels)
      for (const { expr } of targets)
        if ((await prometheus.queryRange(askedOf(expr), beganAt)).length === 0)
          empty.push(`${title}: ${expr}`);
    expect(empty).toEqual([]);
  });
});
