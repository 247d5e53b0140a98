import type { Logger } from 'pino';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { createTargetSet, type InstanceRuntime, isTarget, type Machine } from '../ec2/instances/runtime.ts';
import { parseBootConfig } from './bootConfig.ts';
import { type GatewayClient, httpGatewayClient } from './gatewayClient.ts';
import { type LightAgentReport, type ResumedAgent, startLightAgent } from './lightAgent.ts';

export interface LightRuntimeOptions {
  clock: Clock;
  random: Random;
  logger: Pick<Logger, 'error'>;
  /** By default over HTTP. */
  gateway?: GatewayClient;
  /** Longest wait between two tries, unless the gateway asks for more; default 60,000 ms, as the shell agent's. */
  maxBackoffMs?: number;
  /** Pause between two looks for a notice of an interruption; default 5,000 ms, as the shell agent's. */
  noticePollMs?: number;
  /** Of a restored instance: its agent goes on, as if the process that runs it had never ended. */
  resumed?: (machine: Machine) => ResumedAgent | undefined;
}

export interface LightRuntime extends InstanceRuntime {
  /** What the agents of present boots know; those of ended ones are left out. */
  reports(): readonly LightAgentReport[];
}

interface Boot {
  readonly machine: Machine;
  readonly abort: AbortController;
  report?: LightAgentReport;
  ended: Promise<void>;
}

/** Instances whose agents live in this process: for hundreds of them, and where there is no curl. */
export function createLightRuntime(options: LightRuntimeOptions): LightRuntime {
  const { clock, random, logger, maxBackoffMs = 60_000, noticePollMs = 5_000 } = options;
  const gateway = options.gateway ?? httpGatewayClient();
  const boots = new Map<string, Boot>();
  const endings = new Set<Promise<void>>();
  const held = createTargetSet();
  const silent = createTargetSet();
  let waiting: (() => void)[] = [];

  /** Makes every waiter look again. */
  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const look of woken) look();
  }

  async function leave(boot: Boot, signal: AbortSignal): Promise<void> {
    const { machine } = boot;
    // A hold is for boots: who has heartbeat once is past it.
    const mayNot = () => silent.has(machine) || (held.has(machine) && boot.report?.digest === undefined);
    while (!signal.aborted && mayNot()) await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function end(boot: Boot): void {
    boot.abort.abort();
    wake();
  }

  return {
    reports: () => [...boots.values()].flatMap((boot) => boot.report ?? []),
    controls: {
      silence(target, on) {
        silent.set(target, on);
        wake();
      },
      hold(target, on) {
        held.set(target, on);
        wake();
      },
      crash(target) {
        for (const boot of boots.values()) if (isTarget(target, boot.machine)) end(boot);
      },
    },
    boot(machine) {
      const abort = new AbortController();
      const boot: Boot = { machine, abort, ended: Promise.resolve() };
      boots.set(machine.id, boot);
      machine.writeConsole(`${machine.id} boots (${machine.boot})\n`);
      try {
        const config = parseBootConfig(machine.userData);
        const resumed = options.resumed?.(machine);
        const deps = { clock, random, gateway, machine, config, maxBackoffMs, noticePollMs, resumed };
        const agent = startLightAgent({ ...deps, leave: (signal) => leave(boot, signal) }, abort.signal);
        boot.report = agent.report;
        boot.ended = agent.ended;
      } catch (error) {
        machine.writeConsole(`${error instanceof Error ? error.message : String(error)}\n`);
      }
      const settled: Promise<void> = boot.ended
        .catch((error: unknown) => {
          if (!abort.signal.aborted)
            logger.error({ err: error, instanceID: machine.id }, 'a light agent failed');
        })
        .finally(() => endings.delete(settled));
      endings.add(settled);
    },
    shutDown(id) {
      const boot = boots.get(id);
      if (boot !== undefined) end(boot);
    },
    powerOff(id) {
      const boot = boots.get(id);
      if (boot === undefined) return;
      end(boot);
      boots.delete(id);
    },
    discard() {
      // Its disk is the instance's own, and goes with it.
    },
    async close() {
      for (const boot of boots.values()) end(boot);
      boots.clear();
      await Promise.all(endings);
      await gateway.close();
    },
  };
}
