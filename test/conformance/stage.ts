import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configOf } from '../../src/agent/stubText.ts';
import { sleep, systemClock } from '../../src/controller/lib/clock.ts';
import { type MetadataService, serveMetadata } from '../support/cloud/metadata.ts';
import {
  classesBeating,
  createGatewayFixture,
  type GatewayFixture,
  UID,
} from '../support/gateway/gateway.ts';
import type { TestDatabase } from '../support/gateway/postgres.ts';
import type { Exchange } from './exchange.ts';
import { type RecordingGateway, startRecordingGateway } from './recordingGateway.ts';

/** How long an agent may take for what it does at once, on a machine that does other work, ms. */
const PATIENCE_MS = 20_000;
/** An environment with what a careless agent would break: quotes, newlines, nothing at all. */
const SECRET = `it's "$HOME" \`x\` \\ #\nümlaut\n`;

/** The agent does not do what the protocol asks for; the message says what was seen. */
export class Violation extends Error {
  override name = 'Violation';
}

/** One launch: a gateway, an instance's disk and metadata, and the agent under test. */
export interface Stage {
  fixture: GatewayFixture;
  gateway: RecordingGateway;
  metadata: MetadataService;
  ticket: string;
  secret: string;
  /** How often the gateway asks for a heartbeat from now on, s. */
  period(seconds: number): void;
  /** Boots the instance: runs the agent's command with `sh -c`. */
  boot(): void;
  /** Ends the agent and all that it started, as a power failure does. */
  crash(): Promise<void>;
  /** All that the agent wrote to its output. */
  output(): string;
  /** Exchanges with that path so far, in order. */
  bootstraps(): Exchange[];
  heartbeats(): Exchange[];
  /** The first answer that the check wants; a Violation saying `what` where none comes. */
  until<T>(what: string, look: () => T | undefined | false, patienceMs?: number): Promise<T>;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  /** What runs the agent, for `sh -c`. */
  agent: string;
  /** Folder in which the command runs. */
  cwd: string;
  /** An empty database; of the test run by default. */
  database?: TestDatabase;
}

const open = new Set<Stage>();

/** Ends every agent and removes what they left, as on Ctrl-C: they run in process groups of their own. */
export async function closeStages(): Promise<void> {
  await Promise.all([...open].map((stage) => stage.close()));
}

export async function createStage({ agent, cwd, database }: StageOptions): Promise<Stage> {
  let periodSeconds = 1;
  const fixture = await createGatewayFixture({
    ...(database && { database }),
    retryAfterSeconds: 1,
    classes: classesBeating(() => periodSeconds),
  });
  fixture.secrets.set(
    'team/ada-env',
    new Map([
      ['API_KEY', Buffer.from(SECRET)],
      ['EMPTY', Buffer.alloc(0)],
    ]),
  );
  fixture.put();
  const { url } = await fixture.gateway.start();
  const gateway = await startRecordingGateway(url);
  const metadata = await serveMetadata(fixture.identity());
  const root = await mkdtemp(join(tmpdir(), 'conformance-'));
  const ticket = fixture.ticket();
  const etc = join(root, 'etc', 'workspace-agent');
  mkdirSync(etc, { recursive: true });
  writeFileSync(join(etc, 'config'), configOf({ gatewayURL: gateway.url, ticket, uid: UID, number: 1 }));
  writeFileSync(join(etc, 'ca.pem'), gateway.caPEM);
  let present: ChildProcess | undefined;
  let output = '';

  async function crash(): Promise<void> {
    const child = present;
    present = undefined;
    if (child?.pid === undefined) return;
    const exited =
      child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once('exit', resolve));
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      // All of it has ended.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await exited;
  }

  const withPath = (path: string) => gateway.exchanges.filter((it) => it.path === path);
  const stage: Stage = {
    fixture,
    gateway,
    metadata,
    ticket,
    secret: SECRET,
    period(seconds) {
      periodSeconds = seconds;
    },
    boot() {
      const { PATH = '' } = process.env;
      present = spawn('sh', ['-c', agent], {
        cwd,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH,
          HOME: root,
          WORKSPACE_ROOT: root,
          AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
        },
      });
      for (const stream of [present.stdout, present.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
    },
    crash,
    output: () => output,
    bootstraps: () => withPath('/v1/bootstrap'),
    heartbeats: () => withPath('/v1/heartbeat'),
    async until(what, look, patienceMs = PATIENCE_MS) {
      const deadline = systemClock.monotonic() + patienceMs;
      for (;;) {
        const found = look();
        if (found !== undefined && found !== false) return found;
        if (systemClock.monotonic() > deadline)
          throw new Violation(`${what}: not seen within ${patienceMs / 1_000} s`);
        await sleep(systemClock, 20);
      }
    },
    pass: (ms) => sleep(systemClock, ms),
    async close() {
      if (!open.delete(stage)) return;
      await crash();
      await gateway.close();
      await metadata.close();
      await fixture.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  open.add(stage);
  return stage;
}
