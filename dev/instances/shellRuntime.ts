import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../src/controller/lib/clock.ts';
import type { Random } from '../../src/controller/lib/random.ts';
import { createMetadata, serveMetadata } from '../ec2/instances/metadata.ts';
import { createTargetSet, type InstanceRuntime, isTarget, type Machine } from '../ec2/instances/runtime.ts';
import { type MachineProcess, startMachineProcess } from './machineProcess.ts';

export interface ShellRuntimeOptions {
  /** Each instance has its root folder in here, by its id. */
  folder: string;
  clock: Clock;
  random: Random;
  logger: Pick<Logger, 'error'>;
}

/** One boot: from `running` to power-off. */
interface Boot {
  readonly machine: Machine;
  process?: MachineProcess;
  metadata?: { close(): Promise<void> };
  over: boolean;
  begin?: () => void;
}

/**
 * Instances that execute their user data with sh, as cloud-init does, each under its own root folder ($WORKSPACE_ROOT)
 * and with its own metadata endpoint. There is no systemd: every boot runs the user data again, and it stays in the
 * foreground.
 */
export function createShellRuntime(options: ShellRuntimeOptions): InstanceRuntime {
  const { folder, clock, random, logger } = options;
  const boots = new Map<string, Boot>();
  const held = createTargetSet();
  const silent = createTargetSet();
  const endings = new Set<Promise<void>>();

  const track = (work: Promise<void>, what: string) => {
    const settled: Promise<void> = work
      .catch((error: unknown) => logger.error({ err: error }, what))
      .finally(() => endings.delete(settled));
    endings.add(settled);
  };

  async function run(boot: Boot): Promise<void> {
    const { machine } = boot;
    const root = join(folder, machine.id);
    const script = join(root, 'user-data');
    mkdirSync(root, { recursive: true, mode: 0o700 });
    writeFileSync(script, machine.userData, { mode: 0o600 });
    const metadata = await serveMetadata(createMetadata({ machine, clock, random }));
    if (boot.over) return metadata.close();
    boot.metadata = metadata;
    machine.writeConsole(`${machine.id} boots (${machine.boot})\n`);
    boot.begin = () => {
      delete boot.begin;
      boot.process = startMachineProcess({
        script,
        folder: root,
        env: environment(root, metadata.url),
        output: machine.writeConsole,
      });
      if (silent.has(machine)) boot.process.signal('SIGSTOP');
    };
    if (!held.has(machine)) boot.begin();
  }

  function end(boot: Boot): void {
    if (boot.over) return;
    boot.over = true;
    boot.process?.signal('SIGKILL');
    track(
      Promise.all([boot.process?.ended, boot.metadata?.close()]).then(() => {}),
      'an instance did not end',
    );
  }

  return {
    controls: {
      silence(target, on) {
        silent.set(target, on);
        for (const { machine, process } of boots.values())
          if (isTarget(target, machine)) process?.signal(silent.has(machine) ? 'SIGSTOP' : 'SIGCONT');
      },
      hold(target, on) {
        held.set(target, on);
        for (const boot of boots.values()) if (!held.has(boot.machine)) boot.begin?.();
      },
      crash(target) {
        for (const { machine, process } of boots.values())
          if (isTarget(target, machine)) process?.signal('SIGKILL');
      },
    },
    boot(machine) {
      const boot: Boot = { machine, over: false };
      boots.set(machine.id, boot);
      track(run(boot), `${machine.id} did not boot`);
    },
    shutDown(id) {
      const boot = boots.get(id);
      delete boot?.begin;
      boot?.process?.signal('SIGTERM');
      // A stopped process takes the signal only when it goes on.
      boot?.process?.signal('SIGCONT');
    },
    powerOff(id) {
      const boot = boots.get(id);
      if (boot === undefined) return;
      boots.delete(id);
      end(boot);
    },
    discard(id) {
      const before = [...endings];
      const remove = async () => {
        await Promise.all(before);
        await rm(join(folder, id), { recursive: true, force: true });
      };
      track(remove(), `the disk of ${id} was not removed`);
    },
    async close() {
      for (const boot of boots.values()) end(boot);
      boots.clear();
      while (endings.size > 0) await Promise.all(endings);
    },
  };
}

/** Whether this machine has what the agent needs; without it the light runtime stands in. */
export function canRunShellInstances(path = process.env.PATH ?? ''): boolean {
  return ['sh', 'curl'].every((tool) =>
    path.split(delimiter).some((folder) => isExecutable(join(folder, tool))),
  );
}

/** @throws saying what to install */
export function needShellInstances(): void {
  if (!canRunShellInstances())
    throw new Error('the agent that runs on instances is a shell script that needs curl: install curl');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// Nothing of the host's environment: neither its proxies nor its secrets.
function environment(root: string, metadata: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: root,
    LANG: 'C.UTF-8',
    WORKSPACE_ROOT: root,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata,
  };
}
