import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findDebianProgram } from '../support/programs/debianPackage.ts';
import { needed } from '../support/programs/needed.ts';
import { HOSTILE, openDashboard, SCENE_NOW } from './dashboardScene.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const binary = await needed(() => findDebianProgram('chromium', 'usr/bin/chromium'));
/** With SCREENSHOTS=1 the test writes them; otherwise it only checks them. */
const IMAGES = join(import.meta.dirname, '..', '..', 'docs', 'images');
const isWriting = process.env.SCREENSHOTS === '1';
const MOST_IMAGE_BYTES = 150_000;

describe.skipIf(!binary)('the page in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let dashboard: Awaited<ReturnType<typeof openDashboard>>;
  let folder: string;
  const faults: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
    browser = await chromium.launch({
      executablePath: binary ?? '',
      // Chromium has no sandbox of its own where it runs as root, as in a container; it sees this page alone.
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    faults.splice(0);
    dashboard = await openDashboard();
    page = await browser.newPage({
      viewport: { width: 1_200, height: 640 },
      timezoneId: 'UTC',
      locale: 'en-GB',
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    await page.emulateMedia({ reducedMotion: 'reduce' });
    // Playwright’s own clock would take the page’s measures too.
    await page.addInitScript(`Date.now = () => ${SCENE_NOW.getTime()}`);
    await page.goto(dashboard.url);
    await page.getByText('5 Workspaces').waitFor();
  });
  afterEach(async () => {
    await page?.close();
    await dashboard?.close();
    expect(faults).toEqual([]);
  });

  const rowOf = (key: string) => page.locator('#workspaces tr', { hasText: key });

  /** What each render of the rows cost, as the page itself measured it. */
  function renders(): Promise<{ ms: number; rows: number; made: number; changed: number }[]> {
    return page.evaluate(
      "performance.getEntriesByName('rows').map(({ duration, detail }) => ({ ms: duration, ...detail }))",
    );
  }

  async function picture(name: string): Promise<void> {
    const path = join(isWriting ? IMAGES : folder, name);
    await page.screenshot({ path });
    expect((await stat(path)).size).toBeLessThan(MOST_IMAGE_BYTES);
  }

  async function violations(): Promise<string[]> {
    // The page itself may run no script but its own: axe is read by the test's own world.
    const world = await page.context().newCDPSession(page);
    const { frameTree } = await world.send('Page.getFrameTree');
    const { executionContextId } = await world.send('Page.createIsolatedWorld', {
      frameId: frameTree.frame.id,
      worldName: 'axe',
    });
    await world.send('Runtime.evaluate', {
      expression: await readFile(AXE, 'utf8'),
      contextId: executionContextId,
    });
    const { result } = await world.send('Runtime.evaluate', {
      expression:
        'axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
      contextId: executionContextId,
      awaitPromise: true,
      returnByValue: true,
    });
    return result.value as string[];
  }

  test('shows classes with their roll-out, what waits, and EC2’s word beside the judgement', async () => {
    expect(await page.locator('#classes').innerText()).toContain('3 of 6');
    expect(await page.locator('#waits').innerText()).toContain('team/ada, which tries it first');
    expect(await rowOf('team/ada').innerText()).toMatch(/Restarting\s+pending/);
    expect(await rowOf('team/eve').innerText()).toMatch(/Unknown\s+running/);
    expect(await rowOf('team/grace').innerText()).toMatch(/Ready\s+running/);
    await picture('dashboard.png');
  });

  test('tells one Workspace’s life, so that a person sees that one change was one provision', async () => {
    await page.getByRole('link', { name: 'team/ada' }).last().click();
    await page.getByText('One change was one provision: 3 launches are on record').waitFor();
    const life = await page.locator('ol.life').innerText();
    for (const part of [
      'SecretChanged',
      'Provisioned',
      'Terminated',
      'Spec written, by kubectl-create',
      'First heartbeat of launch 2',
    ])
      expect(life).toContain(part);
    expect(life.match(/Generation 3: ada-env\/API_KEY/g)).toHaveLength(1);
    await picture('dashboard-workspace.png');
  });

  test('follows each change while it is open, touches nothing else, and loses what is gone', async () => {
    const before = (await renders()).length;
    dashboard.change({ ...dashboard.well('grace'), status: {} });
    await rowOf('team/grace').getByText('Restarting').waitFor();
    const [last] = (await renders()).slice(before);
    expect(last?.made).toBe(0);
    expect(last?.changed).toBeLessThanOrEqual(8);
    dashboard.remove(dashboard.well('grace'));
    await page.getByText('4 Workspaces').waitFor();
    expect(await rowOf('team/grace').count()).toBe(0);
  });

  test('takes what a tenant wrote as text', async () => {
    dashboard.change(dashboard.hostile());
    await page.getByText('6 Workspaces').waitFor();
    expect(await rowOf('team/hostile').innerText()).toContain(HOSTILE);
    await page.goto(`${dashboard.url}#/team/hostile`);
    await page.getByRole('heading', { name: 'team/hostile' }).waitFor();
    expect(await page.locator('#detail').innerText()).toContain(HOSTILE);
    expect(await page.locator('img, body script, iframe, [onerror]').count()).toBe(0);
    expect(await page.title()).toBe('team/hostile – Workspaces');
    const refused = await page.evaluate(
      `try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>') } catch (error) { error.name }`,
    );
    expect(refused).toBe('TypeError');
    // That attempt is reported on the console.
    faults.splice(0);
  });

  test.each(['light', 'dark'] as const)('has no fault that axe finds, in %s colours', async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    expect(await violations()).toEqual([]);
    await page.goto(`${dashboard.url}#/team/ada`);
    await page.getByText('One change was one provision').waitFor();
    expect(await violations()).toEqual([]);
    if (colorScheme === 'dark') await picture('dashboard-dark.png');
  });

  test('is used by keyboard alone: skip, filter, open, come back', async () => {
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the Workspaces');
    await page.keyboard.press('Enter');
    await page.locator('#filter').focus();
    await page.keyboard.type('lin ready');
    await page.getByText('1 of 5 Workspaces').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('team/lin');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'team/lin' }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('detail-title');
    await page.goBack();
    await page.getByText('1 of 5 Workspaces').waitFor();
  });

  test('shows 300 Workspaces by making each cell once', async () => {
    for (let i = 0; i < 295; i += 1) dashboard.change(dashboard.well(`w-${String(i).padStart(3, '0')}`));
    await page.getByText('300 Workspaces').waitFor();
    const session = await page.context().newCDPSession(page);
    // CPU of the page's thread: what a machine that does other things beside it takes no part in.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.reload();
    await page.getByText('300 Workspaces').waitFor();
    const { metrics } = await session.send('Performance.getMetrics');
    const spent = ['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration'].map(
      (name) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN,
    );
    const cpuMs = Math.round(1_000 * spent.reduce((sum, seconds) => sum + seconds, 0));
    const measures = await renders();
    const whole = measures.find(({ rows }) => rows === 300);
    // A line, ten cells and a link each.
    expect(whole?.made).toBe(300 * 12);
    process.stdout.write(
      `300 rows: ${whole?.made} elements; script, style and layout of the whole page ${cpuMs} ms of CPU; the rows ${Math.round(whole?.ms ?? 0)} ms by the clock\n`,
    );
    const { made = 0 } = measures.at(-1) ?? {};
    expect(measures.length === 1 || made === 0).toBe(true);
  });
});
