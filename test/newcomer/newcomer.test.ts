import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/gateway/postgres.ts';
import { type DevCommand, processesNaming } from '../support/programs/devCommand.ts';
import { interrupt, type Place, type, whyNot } from './place.ts';
import * as places from './places.ts';

const DEMO = ['npm', 'run', 'demo', '--', '--speed', '12'];
const STACK_IS_UP = /agents {4}/;
const OPERATOR_LEADS = /leads; gateway on/;

let folder: string;
let present: DevCommand | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workspace-newcomer-'));
  // Postgres may run as another user.
  await chmod(folder, 0o755);
});
afterEach(async () => {
  if (present?.child.exitCode === null && present.child.signalCode === null && present.child.pid)
    process.kill(-present.child.pid, 'SIGKILL');
  await present?.ended;
  present = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Why this machine can't make the place, which is also printed; undefined where it can. */
function reportLacking(place: Place): string | undefined {
  const reason = whyNot(place);
  if (reason !== undefined)
    process.stderr.write(`Not tried: the first command ${place.where}, as ${reason}.\n`);
  return reason;
}

async function stand(place: Place, context: TestContext, command: string[] = DEMO): Promise<DevCommand> {
  const reason = reportLacking(place);
  if (reason !== undefined) context.skip(reason);
  present = await type(place, folder, command);
  return present;
}

/** Lets it come so far, and ends it with Ctrl-C. Answers with what it said. */
async function until(pattern: RegExp, demo: DevCommand): Promise<string> {
  await demo.says(pattern);
  await interrupt(demo);
  expect(demo.output()).toContain('stopping: operator, instances, cloud, cluster, database');
  expect(demo.output()).not.toContain('Failed');
  return demo.output();
}

/** No temporary file, and no process whose command line names the folder. */
async function nothingIsLeft(temporary = join(folder, 'tmp')): Promise<void> {
  expect(await readdir(temporary)).toEqual([]);
  expect(await processesNaming(folder)).toEqual([]);
}

describe('the first command works', { timeout: 180_000 }, () => {
  test(`${places.HARDEST.where}: one change is one provision, four reports are dropped, and nothing is left behind`, async (context) => {
    // The story itself is played in any case; where the place can't be made, here.
    const demo = await stand(reportLacking(places.HARDEST) ? places.HERE : places.HARDEST, context);
    expect(await demo.ended, demo.output()).toBe(0);
    const output = demo.output();
    expect(output).toContain('Verdict: one change, exactly one provision.');
    expect(output).toContain('4 reports counted as dropped, 0 acted on; pollers read: Restarting');
    expect(output).toMatch(/^ {2}1 .*Created .*Superseded/m);
    expect(output).toMatch(/^ {2}2 .*SecretChanged .*ada-env\/API_KEY .*lives/m);
    expect(output).toMatch(/restarted at \S+\s+SecretChanged\s+ada-env\/API_KEY/);
    expect(output).toContain('$ kubectl apply -f dev/manifests/');
    // No terminal: plain text.
    expect(output).not.toContain('\u001b');
    await nothingIsLeft();
  });

  test(places.ORDINARY_USER.where, async (context) => {
    await until(STACK_IS_UP, await stand(places.ORDINARY_USER, context));
    await nothingIsLeft();
  });

  test(`${places.WITH_LEAST.where}, and says what is missed`, async (context) => {
    const demo = await stand(
      reportLacking(places.WITH_LEAST) ? places.WITH_LITTLE : places.WITH_LEAST,
      context,
    );
    const output = await until(STACK_IS_UP, demo);
    expect(output).toContain('this machine has no curl; install curl to see the real agent');
    await nothingIsLeft(join(folder, 'tmp', 'für mich'));
  });

  test(places.WITHOUT_IPV6.where, async (context) => {
    await until(OPERATOR_LEADS, await stand(places.WITHOUT_IPV6, context));
    await nothingIsLeft();
  });

  test('on a port that was free last time and is busy now; where instances know the port, it says so in a line', async (context) => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const address = busy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const kept = join(folder, 'kept');
    await mkdir(kept);
    await writeFile(join(kept, 'api-port.json'), JSON.stringify(port));
    await writeFile(join(kept, 'gateway.json'), JSON.stringify({ port, caPEM: '', certPEM: '', keyPEM: '' }));
    try {
      const dev = await stand(places.HERE, context, ['npm', 'run', 'dev', '--', '--folder', kept]);
      expect(await dev.ended).toBe(1);
      expect(dev.output()).toMatch(/Kubernetes API +https:\/\/127\.0\.0\.1:\d+$/m);
      expect(dev.output()).not.toContain(`https://127.0.0.1:${port}`);
      expect(dev.output().match(/^Failed: .*$/gm)).toEqual([
        `Failed: another process listens on port ${port} of 127.0.0.1, where the instances that are kept look for the gateway: end it, or forget them with npm run dev -- --fresh`,
      ]);
      await nothingIsLeft();
    } finally {
      await new Promise((resolve) => busy.close(resolve));
    }
  });
});

describe('with a DATABASE_URL of one’s own', { timeout: 180_000 }, () => {
  let theirs: TestDatabase;
  const names = async () =>
    (await theirs.query('SELECT datname FROM pg_database')).map(({ datname }) => String(datname));
  const place = (url: string): Place => ({
    where: 'with a DATABASE_URL of one’s own',
    env: () => ({ DATABASE_URL: url }),
  });

  beforeEach(async () => {
    theirs = await createTestDatabase();
  });
  afterEach(() => theirs.release());

  test('the first command has a database of its own on that server, touches no other, and leaves none', async (context) => {
    const before = await names();
    const demo = await stand(place(theirs.url), context);
    const [, name = ''] = await demo.says(/postgres:\/\/127\.0\.0\.1:\d+\/(workspace_\w+)\n/);
    expect(await names()).toContain(name);
    await until(STACK_IS_UP, demo);
    expect(await theirs.query("SELECT FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    expect((await names()).filter((it) => !before.includes(it) && it.startsWith('workspace_'))).toEqual([]);
    await nothingIsLeft();
  });
});
