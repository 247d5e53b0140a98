import { describe, expect } from 'vitest';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { TAG } from '../../../src/api/launch/tags.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

/** A tenth of AWS's rate, which the cloud insists on. */
const TENTH = {
  settings: { aws: { requestRatePercent: 10 }, controller: { workers: 30 } },
  cloud: {
    buckets: { RunInstances: { capacity: 1, refill: 0.2 }, StartInstances: { capacity: 1, refill: 0.2 } },
  },
};

/** New Workspaces without environments of their own, at once. */
async function crowd(world: World, count: number, className = 'standard'): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `new-${index}`);
  await Promise.all(names.map((name) => world.createWorkspace(name, { className, envFrom: [] })));
  return names;
}

function launchedAt(world: World, name: string, number = 1): number | undefined {
  const entry = world.provisions(name).find(({ tags }) => tags[TAG.number] === String(number));
  return entry && Date.parse(entry.at);
}

function refused(world: World): number {
  return world.scene.service.cloud.ledger.count('RunInstances', { outcome: 'RequestLimitExceeded' });
}

/** An armed launch is a request that is on its way, or was: nothing that is on record waits in line. */
function neverArmedInLine(world: World): void {
  const sent = new Set<string>();
  world.always('a launch is armed when it is sent', () => {
    const { clock } = world.scene;
    for (const { metadata, status } of world.workspaces()) {
      const { launch } = status ?? {};
      if (launch?.phase !== 'Submitted' || sent.has(`${metadata.name} ${launch.number}`)) continue;
      if (launchedAt(world, metadata.name, launch.number)) sent.add(`${metadata.name} ${launch.number}`);
      else if (clock.now() - Date.parse(launch.submittedAt ?? '') > 2 * SECOND)
        return `launch ${launch.number} of ${metadata.name} was armed at ${launch.submittedAt} and is not sent`;
    }
    return true;
  });
}

describe('launches in line', () => {
  story(
    'at a tenth of the rate, with thirty workers, 80 of 80 are launched, as fast as EC2 allows',
    TENTH,
    async (world) => {
      neverArmedInLine(world);
      const begun = world.now();
      const names = await crowd(world, 80);
      await world.until('all are launched', () => names.every((name) => launchedAt(world, name)));
      expect(world.now() - begun).toBeLessThan(80 * 5 * SECOND + 10 * SECOND);
      expect(world.provisions()).toHaveLength(80);
      expect(refused(world)).toBe(0);
      for (const name of names) await world.untilReady(name, 1);
    },
  );

  story(
    'behind three hundred launches a Stop and a Delete are sent within two seconds, and another namespace has its turn within five',
    {},
    async (world) => {
      await world.createFleet(2);
      await crowd(world, 300);
      await world.pass(10 * SECOND);
      const { kube } = world.scene;
      await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
      const metadata = { name: 'lone', namespace: 'other' };
      const body = { apiVersion: 'compute.molecule.ai/v1alpha1', kind: 'Workspace', metadata };
      const asked = world.now();
      await world.edit('ws-0', { operatingMode: 'Stopped' });
      await world.remove('ws-1');
      await kube.create(
        WORKSPACES,
        { ...body, spec: { className: 'standard' } } as unknown as Workspace,
        'other',
      );
      await world.until('it is stopped', () => world.calls('StopInstances') > 0);
      await world.until('it is ended', () => world.terminations('ws-1').length > 0);
      expect(world.now() - asked).toBeLessThan(2 * SECOND);
      await world.until('it is launched', () => launchedAt(world, 'lone'));
      expect(world.now() - asked).toBeLessThan(5 * SECOND);
    },
  );

  story(
    'while SSM does not answer, launches wait for their image, and a Stop for nothing',
    {},
    async (world) => {
      await world.createFleet(1);
      await world.pass(2 * MINUTE);
      world.ec2({
        action: 'GetParameter',
        fault: { kind: 'lostResponse', how: 'hang' },
        times: Number.POSITIVE_INFINITY,
      });
      const names = await crowd(world, 20);
      await world.pass(2 * SECOND);
      const asked = world.now();
      await world.edit('ws-0', { operatingMode: 'Stopped' });
      await world.until('it is stopped', () => world.calls('StopInstances') > 0);
      expect(world.now() - asked).toBeLessThan(2 * SECOND);
      world.scene.service.faults.clear();
      for (const name of names) await world.untilReady(name, 1);
    },
  );

  const many = { settings: { controller: { workers: 256 } } };
  story('an instance is not ended for a change before its successor’s turn is near', many, async (world) => {
    await world.editClass('standard', { rollout: { maxUnavailable: '100%' } });
    const names = Array.from({ length: 8 }, (_, index) => `ws-${index}`);
    for (const name of names) await world.putSecret(`${name}-env`, { KEY: 'a' });
    for (const name of names) await world.createWorkspace(name);
    for (const name of names) await world.untilReady(name);
    await world.pass(2 * MINUTE);
    // What EC2 would accept is known from these for a while.
    for (const name of names.slice(1)) await world.putSecret(`${name}-env`, { KEY: 'b' });
    await world.until('they are replaced', () => names.slice(1).every((name) => launchedAt(world, name, 2)));
    // Of another class: what is down there holds nothing back here.
    await world.createClass('others');
    await crowd(world, 120, 'others');
    await world.pass(SECOND);
    await world.putSecret('ws-0-env', { KEY: 'b' });
    const reasons = new Set<string | undefined>();
    world.always(
      'it says why',
      () => Boolean(reasons.add(world.condition('ws-0', 'UpToDate')?.reason)) || '',
    );
    await world.until('it is replaced', () => launchedAt(world, 'ws-0', 2));
    const ended = Date.parse(world.terminations('ws-0')[0]?.at ?? '');
    expect((launchedAt(world, 'ws-0', 2) ?? 0) - ended).toBeLessThan(40 * SECOND);
    expect(reasons).toContain('LaunchQueued');
    expect(world.workspace('ws-0').status?.turn).toBeUndefined();
    await world.untilReady('ws-0', 2);
  });

  story(
    'a Workspace that waits long shows once that it is in line, where, and until about when',
    {},
    async (world) => {
      await crowd(world, 100);
      await world.pass(5 * SECOND);
      const waiting = world.workspaces().filter(({ status }) => status?.launch?.phase === 'Waiting');
      const conditions = waiting.map(({ metadata }) => world.condition(metadata.name, 'Ready'));
      const long = conditions.filter((condition) => condition?.reason === 'LaunchQueued');
      expect(long.length).toBeGreaterThan(50);
      expect(long.at(-1)?.message).toMatch(
        /^Launch 1 \(Created\) waits for its turn: EC2 limits RunInstances requests .* number \d+ in line, its turn is about 2026/,
      );
      const written = world.changesAsked()['patch workspaces.compute.molecule.ai status'];
      await world.pass(5 * SECOND);
      const later = world.changesAsked()['patch workspaces.compute.molecule.ai status'];
      // What is launched meanwhile, and not who stays in line.
      expect((later ?? 0) - (written ?? 0)).toBeLessThan(60);
    },
  );

  story('when AWS says "too fast" all the same, everybody is launched once', {}, async (world) => {
    const names = await crowd(world, 40);
    for (let count = 0; count < 5; count += 1) {
      world.ec2({ action: 'RunInstances', fault: { kind: 'error', code: 'RequestLimitExceeded' } });
      await world.pass(7 * SECOND);
    }
    for (const name of names) await world.untilReady(name, 1);
    expect(world.provisions()).toHaveLength(40);
  });

  story('another leader goes on with the line', { replicas: 2 }, async (world) => {
    const names = await crowd(world, 60);
    await world.pass(5 * SECOND);
    world.leader().kill();
    for (const name of names) await world.untilReady(name, 1);
    expect(world.provisions()).toHaveLength(60);
  });
});

describe('what shares a line', () => {
  story('many that change alike are dry-run once for each offering', {}, async (world) => {
    await world.editClass('standard', { rollout: { maxUnavailable: '100%' } });
    await world.createFleet(24);
    await world.untilReady('ws-0');
    await world.pass(5 * MINUTE);
    await world.editClass('standard', { rootVolume: { sizeGiB: 31 } });
    await world.until('one proves it', () => world.provisions().length > 24);
    await world.until('all are replaced', () => world.provisions().length === 48);
    const subnets = new Set(world.instances().map(({ subnetID }) => subnetID)).size;
    const dryRuns = world.changesAsked()['RunInstances (dry run)'] ?? 0;
    // The first is replaced alone, and a verdict is good for a minute.
    expect(dryRuns).toBeLessThanOrEqual(1 + 2 * subnets);
  });

  story(
    'sixty that are started at once, at a tenth of the rate: none runs out of its time in line',
    TENTH,
    async (world) => {
      await world.editClass('standard', { startupTimeoutSeconds: 120, rollout: { debounceSeconds: 0 } });
      const names = await crowd(world, 60);
      for (const name of names) await world.untilReady(name, 1);
      await Promise.all(names.map((name) => world.edit(name, { operatingMode: 'Stopped' })));
      for (const name of names)
        await world.until(
          `${name} is stopped`,
          () => world.workspace(name).status?.instance?.state === 'stopped',
        );
      await Promise.all(names.map((name) => world.edit(name, { operatingMode: 'Running' })));
      for (const name of names) await world.untilReady(name, 1);
      expect(world.provisions()).toHaveLength(60);
    },
  );
});
