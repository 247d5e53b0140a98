import { parse, stringify } from 'yaml';
import { parseCommandLine } from '../../src/config/commandLine.ts';
import { kubeTransport } from '../../src/controller/client/httpTransport.ts';
import { parseKubeConfig } from '../../src/controller/client/kubeConfig.ts';
import { type Clock, systemClock } from '../../src/controller/lib/clock.ts';
import { systemRandom } from '../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../src/controller/serve/metrics.ts';
import { check } from '../../src/doctor/commands.ts';
import { applyRights, operatorToken, SPLIT_RBAC } from '../cluster/accounts/operatorAccount.ts';
import { createEmbeddedScene } from '../scenarios/scene/scene.ts';
import { until } from '../scenarios/scene/until.ts';

/** A busy machine is no fault of what is checked. */
const PATIENT = {
  WORKSPACE_DATABASE_STATEMENT_TIMEOUT_MS: '60000',
  WORKSPACE_KUBERNETES_TIMEOUT_MS: '60000',
  WORKSPACE_AWS_TIMEOUT_MS: '60000',
  WORKSPACE_TIMING_LATE_MS: '120000',
};

export interface Given {
  env?: Record<string, string>;
  part?: 'all' | 'controller' | 'gateway';
  /** A ServiceAccount in the operator's namespace. */
  as?: string;
  aheadMs?: number;
  connectTo?: string;
  output?: 'text' | 'json';
  /** In place of that of the account. */
  kubeconfig?: string;
}

/** An operator that is installed as documented, on the embedded cluster, and the checks of it. */
export async function openDoctor() {
  const scene = await createEmbeddedScene();
  await applyRights(scene.kube, SPLIT_RBAC);
  await scene.start();
  const checked = (given: Given = {}) => checkOn(scene, given);
  // It starts without waiting for the database.
  await until('the database has its tables', async () => (await checked()).code === 0);
  return { scene, checked };
}

/** The exit code and the lines of `check`, run as an account of the cluster: the controller's by default. */
async function checkOn(scene: Awaited<ReturnType<typeof createEmbeddedScene>>, given: Given) {
  const { env = {}, part = 'controller', as, aheadMs = 0, connectTo, output = 'text', kubeconfig } = given;
  const args = [
    'check',
    part,
    '--output',
    output,
    ...(connectTo === undefined ? [] : ['--connect-to', connectTo]),
  ];
  const invocation = parseCommandLine(args, { ...scene.stack.operatorEnv, ...PATIENT, ...env });
  if ('help' in invocation || invocation.command !== 'check') throw new Error('asked for a check');
  const clock: Clock = {
    ...systemClock,
    now: () => (systemClock.now() + aheadMs) as ReturnType<Clock['now']>,
  };
  const admin = parse(scene.adminKubeconfig) as { users: { name: string; user: { token: string } }[] };
  const open = (text: string) =>
    kubeTransport({ clock, metrics: createRuntimeMetrics(), loadKubeConfig: () => parseKubeConfig(text) });
  const issuer = open(scene.adminKubeconfig);
  const account = as ?? (part === 'gateway' ? 'workspace-operator-gateway' : 'workspace-operator');
  const token = await operatorToken(issuer, account);
  await issuer.close();
  const users = admin.users.map(({ name }) => ({ name, user: { token } }));
  const transport = open(kubeconfig ?? stringify({ ...admin, users }));
  const lines: string[] = [];
  try {
    const code = await check({
      ...invocation,
      clock,
      random: systemRandom,
      transport,
      print: (line) => void lines.push(line),
    });
    return { code, lines, failures: lines.filter((line) => line.startsWith('FAIL')) };
  } finally {
    await transport.close();
  }
}
