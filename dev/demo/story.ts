import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '../../src/api/kinds/workspace.ts';
import { TAG } from '../../src/api/launch/tags.ts';
import { type Clock, sleep } from '../../src/controller/lib/clock.ts';
import { conditionOf, isSettled, transitions } from '../../src/plugin/views/transitions.ts';
import { createManifests } from '../stack/manifests.ts';
import { POLLER_TOKEN_COMMAND } from '../stack/poller.ts';
import type { Raised } from '../stack/raise.ts';
import type { Narrator } from '../terminal/narrator.ts';
import { type ClusterAccess, SECRETS } from '../watch/cluster.ts';
import type { FollowedWorkspace } from '../watch/followWorkspace.ts';
import { readBooks } from './books.ts';
import { type GatewayCaller, readMetric } from './gateway.ts';
import { runProbes } from './probes.ts';
import type { Outcome } from './verdict.ts';

export const NAMESPACE = 'default';
export const NAME = 'ada';
const SECRET = 'ada-env';
const OWNER = { key: TAG.name, value: NAME };
/** Longest wait for anything: far above the usual time, so that it reports a hang and not a busy machine. */
const LIMIT_MS = 90_000;
/** The protocol's debounce, twice, and its sweep, ms of life size: after that an effect would have begun. */
const NOTHING_AFTER_MS = 14_000;

export interface StoryOptions {
  stack: Raised;
  cluster: ClusterAccess;
  followed: FollowedWorkspace;
  gateway: GatewayCaller;
  narrator: Narrator;
  clock: Clock;
  speed: number;
  signal: AbortSignal;
}

/** The incident's story with the operator at work; each step waits for what it prints. */
export async function playStory(options: StoryOptions): Promise<Outcome> {
  const { stack, followed, narrator } = options;
  const books = () => readBooks(stack.ec2, OWNER);
  const unsubscribe = followed.onChange((after, before) => {
    for (const { text, look } of transitions(before, after)) narrator.print(text, look);
  });
  try {
    await create(options);
    const before = books();
    await changeSecret(options);
    const reports = await cryWolf(options);
    const workspace = await settle(options, 2);
    const restartNote = await hearAgent(options, workspace.status?.launch?.instanceID ?? '');
    const generations = await saveAgain(options);
    const last = followed.current() ?? workspace;
    return { before, after: books(), reports, workspace: last, restartNote, generations };
  } finally {
    unsubscribe();
  }
}

async function create({ cluster, narrator, ...options }: StoryOptions): Promise<void> {
  narrator.step('1. A class, a Secret and a Workspace');
  narrator.command('kubectl apply -f dev/manifests/');
  await createManifests(cluster.kube);
  narrator.command(`kubectl get wks ${NAME} -w`);
  await settle({ cluster, narrator, ...options }, 1);
}

async function changeSecret({ cluster, followed, narrator }: StoryOptions): Promise<void> {
  narrator.step('2. The secret changes');
  narrator.command(`kubectl patch secret ${SECRET} -p '{"stringData":{"API_KEY":"second"}}'`);
  await patchSecret(cluster, { stringData: { API_KEY: 'second' } });
  await narrator.waiting(
    () => describe(followed.current()),
    followed.until(
      'the successor is pending',
      (it) => it?.status?.launch?.number === 2 && it.status.instance?.state === 'pending',
      LIMIT_MS,
    ),
  );
}

async function cryWolf(options: StoryOptions): Promise<Outcome['reports']> {
  const { stack, followed, gateway, narrator } = options;
  narrator.step('3. While it is pending, four health probes read "not running" as dead');
  narrator.command(
    `curl -sk ${stack.gatewayURL}/v1/reports -H "authorization: Bearer $(${POLLER_TOKEN_COMMAND})" -H content-type:application/json -d '{"namespace":"${NAMESPACE}","name":"${NAME}"}'`,
  );
  const target = {
    look: async () => (await gateway.view()).state,
    async complain(probe: string, state: string) {
      const status = await gateway.report();
      narrator.print(`${probe} reads "${state}" and reports: it is dead! → ${status}`);
      if (status !== 202) throw new Error(`POST /v1/reports answered ${status}, not 202`);
    },
  };
  const sent = await narrator.waiting(() => describe(followed.current()), runProbes(target, options));
  const count = (outcome: string) =>
    readMetric(stack.metricsURL, `workspace_reports_total{outcome="${outcome}"}`);
  const [dropped, forwarded] = await Promise.all([count('dropped'), count('forwarded')]);
  const { availability } = await gateway.view();
  narrator.print(
    `${dropped} reports counted as dropped, ${forwarded} acted on; pollers read: ${availability}`,
  );
  return { sent, dropped, forwarded };
}

/** Until it is Ready and up to date with that launch. */
async function settle({ followed, narrator }: StoryOptions, number: number): Promise<Workspace> {
  const workspace = await narrator.waiting(
    () => describe(followed.current()),
    followed.until(
      `${NAME} is Ready with launch ${number}`,
      (it) => isSettled(it) && (it?.status?.launch?.number ?? 0) >= number,
      LIMIT_MS,
    ),
  );
  if (!workspace) throw new Error(`${NAME} is gone`);
  return workspace;
}

/** What the agent on the new instance says of why it is there: on its console, and in the environment it holds. */
async function hearAgent(options: StoryOptions, instanceID: string): Promise<string | undefined> {
  const { stack, narrator, clock, signal } = options;
  const said = () =>
    stack.ec2.state.instances
      .get(instanceID)
      ?.console.split('\n')
      .find((line) => line.startsWith('workspace-agent: restarted'));
  const limit = clock.monotonic() + LIMIT_MS;
  const listen = async () => {
    while (said() === undefined && clock.monotonic() < limit) {
      await sleep(clock, 50, signal);
      signal.throwIfAborted();
    }
    return said();
  };
  const restartNote = await narrator.waiting(() => 'the new agent learns why it was started', listen());
  if (restartNote !== undefined) narrator.print(`console of ${instanceID}: ${restartNote}`);
  if (stack.agentKind === 'shell') {
    const file = join(stack.folder, 'instances', instanceID, 'run', 'workspace-agent', 'environment');
    const held = (await readFile(file, 'utf8')).split('\n').find((line) => line.includes('API_KEY='));
    narrator.print(`its environment file: ${held}`);
    if (held !== "export API_KEY='second'")
      throw new Error(`${file} holds another environment than the Secret`);
  }
  return restartNote;
}

async function saveAgain({ cluster, followed, narrator, clock, speed, signal }: StoryOptions) {
  narrator.step('4. The same secret is saved again, with the same content');
  const patch = { metadata: { annotations: { saved: 'again' } }, stringData: { API_KEY: 'second' } };
  narrator.command(`kubectl patch secret ${SECRET} -p '${JSON.stringify(patch)}'`);
  const generation = () => followed.current()?.status?.desired?.generation ?? 0;
  const before = generation();
  await patchSecret(cluster, patch);
  await narrator.waiting(
    () => 'nothing is expected; waiting twice the debounce and a sweep to be sure',
    sleep(clock, NOTHING_AFTER_MS / speed, signal),
  );
  signal.throwIfAborted();
  const after = generation();
  if (before === after)
    narrator.print(`nothing happened: the content is the same, generation stays ${after}`);
  return { before, after };
}

async function patchSecret({ kube }: ClusterAccess, patch: unknown): Promise<void> {
  await kube.mergePatch(SECRETS, { name: SECRET, namespace: NAMESPACE }, patch);
}

/** The blocker in short, for the line that says what is waited for. */
function describe(workspace: Workspace | undefined): string {
  const ready = conditionOf(workspace, 'Ready');
  const upToDate = conditionOf(workspace, 'UpToDate');
  const verdict = ready?.status === 'True' ? upToDate : ready;
  return verdict ? `${verdict.reason}: ${verdict.message}` : 'the operator looks at it';
}
