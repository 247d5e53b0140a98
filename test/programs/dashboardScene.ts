import { systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { readAssets } from '../../src/plugin/dashboard/assets.ts';
import { followFleet } from '../../src/plugin/dashboard/fleet.ts';
import { serveDashboard } from '../../src/plugin/dashboard/server.ts';

/** What tenants could write to take over a page that reads text as HTML. */
export const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'`&lt;';

const NOW = Date.parse('2026-11-27T03:00:00Z');
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
export const SCENE_NOW = new Date(NOW);

const condition = (reason: string, message: string, minutes: number, type = 'Ready') => ({
  type,
  status: reason === 'Ready' || reason === 'UpToDate' ? 'True' : 'False',
  reason,
  message,
  lastTransitionTime: ago(minutes),
});

const past = (number: number, cause: [string, string], minutes: number, outcome = 'Superseded') => ({
  number,
  generation: number,
  cause: { kind: cause[0], ref: cause[1] },
  outcome,
  instanceID: `i-0a1b2c3d4e5f000${number}`,
  readyAt: ago(minutes + 60),
  endedAt: ago(minutes),
});

/** A Workspace whose secret was saved a moment ago: the change of the incident. */
function restarting(name: string) {
  return {
    metadata: {
      name,
      namespace: 'team',
      uid: name,
      resourceVersion: '1',
      generation: 3,
      creationTimestamp: ago(3_000),
      managedFields: [
        { manager: 'kubectl-create', time: ago(3_000), fieldsV1: { 'f:spec': { 'f:className': {} } } },
      ],
    },
    spec: { className: 'standard' },
    status: {
      observedGeneration: 3,
      desired: { generation: 3, cause: 'SecretChanged', changed: ['ada-env/API_KEY'], at: ago(2) },
      launch: {
        number: 3,
        generation: 3,
        cause: { kind: 'SecretChanged', ref: '3' },
        phase: 'Submitted',
        instanceID: 'i-0a1b2c3d4e5f0003',
        openedAt: ago(1.9),
        submittedAt: ago(1.8),
        deadline: ago(-8),
      },
      instance: { id: 'i-0a1b2c3d4e5f0003', state: 'pending', type: 'm7i.large', zone: 'eu-central-1a' },
      provisions: 3,
      history: [past(2, ['Restart', 'monday'], 2), past(1, ['Created', '1'], 1_500)],
      conditions: [
        condition('Launching', 'EC2 starts i-0a1b2c3d4e5f0003; a first heartbeat is due in 8 minutes.', 1.8),
        condition('Updating', 'Change 3 is carried out by launch 3.', 1.9, 'UpToDate'),
      ],
    },
  };
}

function well(name: string, namespace = 'team') {
  return {
    metadata: {
      name,
      namespace,
      uid: `${namespace}/${name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: ago(900),
    },
    spec: { className: 'standard' },
    status: {
      observedGeneration: 1,
      desired: { generation: 1, cause: 'Created', at: ago(900) },
      launch: {
        number: 1,
        generation: 1,
        cause: { kind: 'Created', ref: '1' },
        phase: 'Submitted',
        instanceID: 'i-0f00000000000001',
        readyAt: ago(880),
      },
      instance: { id: 'i-0f00000000000001', state: 'running' },
      provisions: 1,
      conditions: [
        condition('Ready', 'It serves.', 880),
        condition('UpToDate', 'Nothing waits.', 880, 'UpToDate'),
      ],
    },
  };
}

function silent(name: string) {
  const workspace = well(name);
  workspace.status.conditions = [condition('HeartbeatLost', 'No heartbeat for 95 s.', 1)];
  return workspace;
}

function hostile() {
  const workspace = well('hostile');
  workspace.spec.className = HOSTILE;
  workspace.status.conditions = [condition(HOSTILE, HOSTILE, 1)];
  workspace.status.instance = { id: HOSTILE, state: HOSTILE };
  workspace.status.launch.cause = { kind: HOSTILE, ref: HOSTILE };
  return workspace;
}

const CLASS = {
  metadata: { name: 'standard', generation: 1 },
  status: {
    observedGeneration: 1,
    conditions: [condition('RollingOut', 'Three Workspaces are still to be replaced.', 5, 'RolloutComplete')],
    counts: { total: 6, current: 4, updating: 1, failing: 1 },
    rollout: { startedAt: ago(20), total: 6, updated: 3, estimatedEndAt: ago(-12) },
  },
};

const event = (reason: string, message: string, minutes: number) => ({
  metadata: { name: reason },
  reason,
  message,
  type: 'Normal',
  lastTimestamp: ago(minutes),
});
const EVENTS = [
  event('SecretChanged', 'Generation 3: ada-env/API_KEY.', 2),
  event('Provisioned', 'Launch 3 for SecretChanged 3 is instance i-0a1b2c3d4e5f0003.', 1.8),
  event('Terminated', 'Instance i-0a1b2c3d4e5f0002 of launch 2 is gone (Superseded).', 1.9),
];

/** The page on objects that the test sends. */
export async function openDashboard() {
  const waiting = well('bob');
  Object.assign(waiting.status, {
    turn: { generation: 2, since: ago(3), place: 2, of: 5, behind: 'team/ada', expectedAt: ago(-4) },
    desired: { generation: 2, cause: 'ClassChanged', at: ago(3) },
  });
  waiting.status.conditions = [
    condition('Ready', 'It serves.', 800),
    condition('RolloutQueued', 'Waits for team/ada, which tries the change first.', 3, 'UpToDate'),
  ];
  const workspaces: object[] = [restarting('ada'), waiting, silent('eve'), well('grace'), well('lin')];
  let send = (_line: object) => {};
  const fleet = followFleet({
    clock: systemClock,
    namespace: 'team',
    flags: '',
    source: {
      async get(path) {
        const items = path.includes('/events?') ? EVENTS : path.includes('classes') ? [CLASS] : workspaces;
        return { metadata: { resourceVersion: '1' }, items };
      },
      async *watch(path, signal) {
        const lines: object[] = [];
        let wake = () => {};
        const push = (line: object) => {
          lines.push(line);
          wake();
        };
        if (!path.includes('classes')) send = push;
        signal.addEventListener('abort', () => wake());
        while (!signal.aborted) {
          yield* lines.splice(0);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
    },
  });
  const server = await serveDashboard({
    fleet,
    assets: await readAssets(),
    clock: systemClock,
    random: systemRandom,
    port: 0,
  });
  return {
    url: server.url,
    change: (object: object) => send({ type: 'MODIFIED', object }),
    remove: (object: object) => send({ type: 'DELETED', object }),
    well,
    hostile,
    async close() {
      await server.stop();
      await fleet.stop();
    },
  };
}
