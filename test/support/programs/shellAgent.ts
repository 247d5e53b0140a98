import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { needShellInstances } from '../../../dev/instances/shellRuntime.ts';
import { agentDigest, readAgentFiles } from '../../../src/agent/files.ts';
import { renderUserData } from '../../../src/agent/userData.ts';
import { serveMetadata } from '../cloud/metadata.ts';
import { classesBeating, createGatewayFixture, UID } from '../gateway/gateway.ts';

/** For what a real process does in real time, on a busy machine. */
export const WAIT = { timeout: 60_000, interval: 50 };

const AGENT = agentDigest(readAgentFiles().script);

export type Machine = Awaited<ReturnType<typeof createMachine>>;

/** A folder that stands for an instance's disk, its metadata service, and a gateway that serves the real agent. */
export async function createMachine() {
  needShellInstances();
  let periodSeconds = 1;
  const fixture = await createGatewayFixture({
    agent: { present: readAgentFiles(), find: async () => undefined },
    retryAfterSeconds: 1,
    classes: classesBeating(() => periodSeconds),
  });
  const root = await mkdtemp(join(tmpdir(), 'workspace-agent-test-'));
  const metadata = await serveMetadata(fixture.identity());
  const running: ChildProcess[] = [];
  let path = process.env.PATH ?? '';

  const file = (name: string) => join(root, name);
  return {
    fixture,
    root,
    metadata,
    file,
    exists: (name: string) => existsSync(file(name)),
    read: (name: string) => readFileSync(file(name), 'utf8'),
    write: (name: string, content: string) => writeFileSync(file(name), content),
    /** A program where a tenant's PATH may lead; everyone may write to the folder "open". */
    tenantProgram(name: string, script: string): void {
      for (const folder of ['tenant', 'open']) mkdirSync(file(folder), { mode: 0o777 });
      chmodSync(root, 0o755);
      chmodSync(file('open'), 0o777);
      writeFileSync(file(`tenant/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    },
    find: (number = 1) => fixture.store.find({ uid: UID, number }),
    /** The heartbeat period that agents get from now on, in seconds. */
    period(seconds: number): void {
      periodSeconds = seconds;
    },
    /** Writes `etc/workspace-agent/local`. */
    settings(text: string): void {
      mkdirSync(file('etc/workspace-agent'), { recursive: true });
      writeFileSync(file('etc/workspace-agent/local'), text);
    },
    /** These programs are found first, by these names. */
    install(programs: Readonly<Record<string, string>>): void {
      const folder = file('bin');
      mkdirSync(folder);
      for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, name));
      path = `${folder}${delimiter}${path}`;
    },
    /** Runs the user data with sh, as cloud-init does. */
    boot(
      gatewayURL: string,
      over: Partial<Parameters<typeof renderUserData>[0]> = {},
    ): ChildProcess & { output: () => string } {
      const ticket = fixture.ticket();
      const script = renderUserData({
        stub: 2,
        agentDigest: AGENT,
        gatewayURL,
        ticket,
        uid: UID,
        number: 1,
        ...over,
      });
      writeFileSync(file('user-data'), script);
      let output = '';
      const child = spawn('sh', [file('user-data')], {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: path,
          WORKSPACE_ROOT: root,
          AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
          WORKSPACE_MAX_BACKOFF: '1',
        },
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      running.push(child);
      return Object.assign(child, { output: () => output });
    },
    end,
    async close(): Promise<void> {
      for (const child of running) await end(child, 'SIGKILL');
      await metadata.close();
      await fixture.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Ends a boot and all that it started. */
async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, signal);
  await exited;
}
