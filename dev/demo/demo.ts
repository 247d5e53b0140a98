import { type Clock, sleep } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { openInBrowser } from '../../src/plugin/dashboard/browser.ts';
import { type OperatorProcess, startOperatorProcess } from '../stack/operatorProcess.ts';
import { pollerToken } from '../stack/poller.ts';
import { type Raised, raiseStack } from '../stack/raise.ts';
import type { Narrator } from '../terminal/narrator.ts';
import { openCluster } from '../watch/cluster.ts';
import { startDashboard } from '../watch/dashboard.ts';
import { followWorkspace } from '../watch/followWorkspace.ts';
import { callGateway } from './gateway.ts';
import type { NaiveOutcome } from './naiveStory.ts';
import { NAME, NAMESPACE, playStory } from './story.ts';
import { summarise } from './summary.ts';

export interface DemoOptions {
  clock: Clock;
  random: Random;
  narrator: Narrator;
  /** How fast time runs; 1 is life size. */
  speed: number;
  /** Replays the incident first, the old way. */
  naive: boolean;
  /** Shows it on a page in the browser too. */
  open?: boolean;
  /** Aborted when a person wants it to end. */
  signal: AbortSignal;
  /** Receives the operator, so that an impatient user can end it at once. */
  onOperator: (operator: OperatorProcess) => void;
}

const START_LIMIT_MS = 60_000;

/** The whole story on a stack of its own, which is gone afterwards. True when one change was one provision. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { clock, narrator, speed, naive } = options;
  const startedAt = clock.now();
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const stops: (() => Promise<unknown>)[] = [];
  try {
    narrator.plain('Workspace operator: one change, one provision.', 'bold');
    narrator.plain(
      'Once, a single saved secret cost four provisions too many: health probes took a pending instance for dead.',
    );
    narrator.plain('This is the same change, with the same probes.');
    narrator.step('A database, a cluster and a cloud on this machine');
    const onError = (text: string) => narrator.print(text.trim(), 'bad');
    const stack = await raiseStack({ ...options, onError });
    stops.push(stack.stop);
    signal.throwIfAborted();
    narrator.print(
      `time runs ${speed} times as fast: EC2's 20 to 30 s of pending last ${(20 / speed).toFixed(1)} to ${(30 / speed).toFixed(1)} s`,
    );
    let old: NaiveOutcome | undefined;
    if (naive) {
      // Its client of EC2 is slow to load, and most demos do without.
      const { playNaiveStory } = await import('./naiveStory.ts');
      old = await playNaiveStory({ ...options, ec2: stack.ec2, signal });
    }
    narrator.step(naive ? 'The operator, on the same cloud' : 'The operator');
    const operator = startOperatorProcess(stack.operatorEnv);
    options.onOperator(operator);
    stops.push(() => operator.end('SIGTERM'));
    void operator.ended.then((code) => failed.abort(new Error(lastWords(operator, code))));
    await narrator.waiting(
      () => 'the operator starts, and takes the lease',
      untilLeads(operator, clock, signal),
    );
    narrator.print(`pid ${operator.pid} leads; gateway on ${stack.gatewayURL}`);
    narrator.print('to follow it in another terminal:');
    narrator.command(`export KUBECONFIG=${stack.kubeconfigPath}`);
    if (options.open) {
      const page = await startDashboard({ ...options, kubeconfigPath: stack.kubeconfigPath });
      stops.push(page.stop);
      narrator.print(`to see it in a browser: ${page.url}`);
      openInBrowser(page.url);
    }
    const outcome = await play(stack, signal);
    return summarise({ narrator, outcome, old, startedAt, elapsedMs: clock.now() - startedAt });
  } finally {
    if (options.signal.aborted) narrator.print('stopping: operator, instances, cloud, cluster, database');
    for (const stop of stops.reverse()) await stop();
  }

  async function play(stack: Raised, until: AbortSignal) {
    const cluster = openCluster(clock, stack.kubeconfigPath);
    const { transport } = cluster;
    const followed = followWorkspace({
      ...options,
      transport,
      namespace: NAMESPACE,
      name: NAME,
      signal: until,
    });
    const caFile = stack.operatorEnv.WORKSPACE_GATEWAY_CA_FILE ?? '';
    const token = await pollerToken(cluster.kube);
    const gateway = await callGateway({
      url: stack.gatewayURL,
      caFile,
      namespace: NAMESPACE,
      name: NAME,
      token,
    });
    try {
      return await playStory({ ...options, stack, cluster, followed, gateway, signal: until });
    } finally {
      await gateway.close();
      await followed.stop();
      await cluster.close();
    }
  }
}

async function untilLeads(operator: OperatorProcess, clock: Clock, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const late = async () => {
    await sleep(clock, START_LIMIT_MS, AbortSignal.any([signal, over.signal]));
    signal.throwIfAborted();
    throw new Error(`the operator does not lead after ${START_LIMIT_MS / 1000} s${lastErrors(operator)}`);
  };
  const said = (msg: string) => operator.line((line) => line.msg === msg);
  try {
    await Promise.race([Promise.all([said('started'), said('became leader')]), late()]);
  } finally {
    over.abort();
  }
}

function lastWords(operator: OperatorProcess, code: number | null): string {
  return `the operator ended (${code ?? 'by a signal'})${lastErrors(operator)}`;
}

function lastErrors(operator: OperatorProcess): string {
  const errors = operator.lines.filter(({ level }) => level === 'error' || level === 'fatal').slice(-3);
  return errors.length > 0
    ? `; its last errors: ${errors.map((line) => JSON.stringify(line)).join(' ')}`
    : '';
}
