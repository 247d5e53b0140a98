import { z } from 'zod';
import { type Clock, sleep } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import type { Machine } from '../ec2/instances/runtime.ts';
import type { BootConfig } from './bootConfig.ts';
import type { GatewayAnswer, GatewayClient } from './gatewayClient.ts';

/** What became known to an agent; for tests and people. */
export interface LightAgentReport {
  readonly instanceID: string;
  readonly uid: string;
  readonly number: number;
  readonly boot: number;
  /** Digest of the environment that it holds, and the environment itself. */
  digest?: string;
  environment?: Readonly<Record<string, string>>;
  /** Heartbeats that the gateway took. */
  beats: number;
  /** Restart contexts that it received, in the order in which they came. */
  restarts: { cause: string; changed: readonly string[]; at?: string | undefined }[];
  /** EC2's notice that it takes the instance back. */
  interruption?: { action: string; at: string };
  /** The gateway said that this launch is over. */
  retired: boolean;
}

/** What an agent knew that goes on where another process left it: its boot, its environment and its count of heartbeats. */
export interface ResumedAgent {
  seq: number;
  digest: string;
  environment: Readonly<Record<string, string>>;
  periodMs: number;
}

export interface LightAgentDeps {
  clock: Clock;
  random: Random;
  gateway: GatewayClient;
  machine: Machine;
  config: BootConfig;
  /** Resolves when the agent may speak: at once, unless it is held or silenced. */
  leave(signal: AbortSignal): Promise<void>;
  maxBackoffMs: number;
  /** Pause between two looks for EC2's notice of an interruption, on Spot. */
  noticePollMs: number;
  /** Without it the agent begins with its bootstrap, as after a boot. */
  resumed?: ResumedAgent | undefined;
}

const served = z.object({
  digest: z.string(),
  credential: z.string(),
  periodSeconds: z.number().positive(),
  // Values are bytes, in base64.
  environment: z.record(
    z.string(),
    z.base64().transform((value) => Buffer.from(value, 'base64').toString()),
  ),
});
const beaten = z.object({
  periodSeconds: z.number().positive(),
  restart: z
    .object({ cause: z.string(), changed: z.array(z.string()), at: z.string().optional() })
    .optional(),
});

/**
 * Speaks the agent's protocol (docs/agent-protocol.md) as src/agent/agent.sh does, in this process, until the signal
 * aborts or the gateway says that the launch is over.
 */
export function startLightAgent(
  deps: LightAgentDeps,
  signal: AbortSignal,
): { report: LightAgentReport; ended: Promise<void> } {
  const { clock, random, gateway, machine, config, resumed } = deps;
  const { disk } = machine;
  const report: LightAgentReport = {
    instanceID: machine.id,
    uid: config.uid,
    number: config.number,
    boot: machine.boot,
    beats: 0,
    restarts: [],
    retired: false,
    ...(resumed && { digest: resumed.digest, environment: resumed.environment }),
  };
  const log = (text: string) => machine.writeConsole(`workspace-agent: ${text}\n`);
  let seq = resumed?.seq ?? 0;
  let periodMs = resumed?.periodMs ?? 30_000;
  let delayMs = 1_000;

  async function post(path: string, body: unknown): Promise<GatewayAnswer | undefined> {
    const { credential } = disk;
    try {
      return await gateway.post(config, path, body, {
        signal,
        ...(credential !== undefined && { credential }),
      });
    } catch (error) {
      if (!signal.aborted) log(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  function retire(): void {
    report.retired = true;
    log(`launch ${config.number} is over: stopping for good`);
  }

  async function backOff(answer: GatewayAnswer | undefined): Promise<void> {
    const asked = answer?.retryAfter === undefined ? delayMs : answer.retryAfter * 1_000;
    delayMs = Math.min(2 * delayMs, deps.maxBackoffMs);
    await sleep(clock, asked + (asked * random.next()) / 4, signal);
  }

  async function bootstrap(): Promise<void> {
    delayMs = Math.min(1_000, deps.maxBackoffMs);
    while (!signal.aborted) {
      await deps.leave(signal);
      if (signal.aborted) return;
      const answer = await post('/v1/bootstrap', introduction());
      if (answer?.status === 200) return accept(answer.body);
      if (answer?.status === 401) delete disk.credential;
      if (answer?.status === 410) return retire();
      log(`bootstrap: ${describe(answer)}`);
      await backOff(answer);
    }
  }

  function introduction() {
    const { uid, number, ticket } = config;
    return { uid, number, ticket, ...machine.identity() };
  }

  function accept(body: unknown): void {
    const answer = served.parse(body);
    disk.credential = answer.credential;
    periodMs = answer.periodSeconds * 1_000;
    report.digest = answer.digest;
    report.environment = answer.environment;
    log(`launch ${config.number}, boot ${machine.boot}: environment received`);
  }

  async function beat(): Promise<void> {
    seq += 1;
    const answer = await post('/v1/heartbeat', {
      number: config.number,
      boot: machine.boot,
      seq,
      env: report.digest,
      agent: 'light/1',
      ...(disk.acknowledged && { acknowledged: true }),
      ...(report.interruption && { interruption: report.interruption }),
    });
    if (answer?.status === 200) return take(answer.body);
    if (answer?.status === 401) return bootstrap();
    if (answer?.status === 410) return retire();
    if (!signal.aborted) log(`heartbeat: ${describe(answer)}`);
  }

  function take(body: unknown): void {
    const { periodSeconds, restart } = beaten.parse(body);
    report.beats += 1;
    periodMs = periodSeconds * 1_000;
    if (restart === undefined || disk.acknowledged) return;
    report.restarts.push(restart);
    log(`restarted at ${restart.at}: ${restart.cause} ${restart.changed.join(' ')}`);
    disk.acknowledged = 'true';
  }

  async function live(): Promise<void> {
    await (resumed ? rest() : bootstrap());
    while (!signal.aborted && !report.retired) {
      await deps.leave(signal);
      if (signal.aborted) return;
      await beat();
      if (!report.retired) await rest();
    }
  }

  /** Until the next heartbeat is due; an interruption is reported at once. */
  async function rest(): Promise<void> {
    const until = clock.monotonic() + periodMs;
    for (let left = periodMs; left > 0 && !signal.aborted; left = until - clock.monotonic()) {
      const watches = machine.spot && report.interruption === undefined;
      await sleep(clock, watches ? Math.min(left, deps.noticePollMs) : left, signal);
      const notice = machine.interruption();
      if (notice === undefined || report.interruption !== undefined) continue;
      report.interruption = { action: notice.action, at: notice.time };
      log(`EC2 announces: ${notice.action} at ${notice.time}`);
      return;
    }
  }

  return { report, ended: live() };
}

const errorCode = z.object({ code: z.string() });

function describe(answer: GatewayAnswer | undefined): string {
  if (answer === undefined) return 'no answer';
  return `HTTP ${answer.status} ${errorCode.safeParse(answer.body).data?.code ?? ''}`;
}
