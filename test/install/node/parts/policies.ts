import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../../scenarios/scene/until.ts';
import { NODE_IP } from '../bed/place.ts';
import type { NodeScene } from '../scene.ts';
import { execIn, PARTS, type Part, type PodOfPart, podOf } from './inside.ts';

/** A port that no part needs. */
const STRAY_PORT = 9_000;
const GATEWAY_PORT = 8_443;
const WAIT_MS = 3_000;

/** A program that says whether it is `open`: what a policy closes is refused or never answered. */
const connecting = (host: string, port: number) =>
  `const s=require('net').connect(${port},'${host}');const say=(t)=>{console.log(t);process.exit()};
   s.once('connect',()=>say('open'));s.once('error',()=>say('closed'));setTimeout(()=>say('closed'),${WAIT_MS})`;

export function networkPolicies(sceneOf: () => NodeScene): void {
  describe('the NetworkPolicies', () => {
    let scene: NodeScene;
    let pods: Record<Part, PodOfPart>;
    const stray = createServer((socket) => socket.end());
    beforeAll(async () => {
      scene = sceneOf();
      await new Promise<void>((resolve) => stray.listen(STRAY_PORT, NODE_IP, resolve));
      await scene.kubectl.ok('apply', '-f', await outsider());
      await scene.kubectl.ok(
        'wait',
        'pod/outsider',
        '-n',
        'default',
        '--for=condition=Ready',
        '--timeout=60s',
      );
      pods = { controller: await podOf(scene, 'controller'), gateway: await podOf(scene, 'gateway') };
      // A process in each pod that no one should reach.
      for (const part of PARTS)
        for (const port of [STRAY_PORT, ...(part === 'controller' ? [GATEWAY_PORT] : [])])
          scene.kubectl.start(
            execIn(pods[part], `require('net').createServer((s)=>s.end()).listen(${port})`),
          );
    });
    afterAll(async () => {
      await scene?.kubectl.run(['delete', 'pod', 'outsider', '-n', 'default', '--now']);
      stray.close();
      // The parts that follow run behind them.
      await scene?.helm.apply('upgrade', scene.values);
    });

    async function outsider(): Promise<string> {
      const { repository, tag, pullPolicy } = scene.values.image as Record<string, string>;
      const container = {
        name: 'outsider',
        image: `${repository}:${tag}`,
        imagePullPolicy: pullPolicy,
        command: ['node', '-e', 'setInterval(() => {}, 1e9)'],
      };
      const file = join(scene.bed.logs, 'outsider.json');
      const metadata = { name: 'outsider', namespace: 'default' };
      const spec = { containers: [container], terminationGracePeriodSeconds: 0 };
      await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }));
      return file;
    }

    const commandIn = (place: Part | 'outsider', program: string) =>
      place === 'outsider'
        ? ['exec', '-n', 'default', 'outsider', '--', 'node', '-e', program]
        : execIn(pods[place], program);
    const reach = async (from: Part | 'outsider', host: string, port: number) =>
      (await scene.kubectl.ok(...commandIn(from, connecting(host, port)))).trim();
    // A policy is enforced soon after there is the pod.
    const untilClosed = (from: Part | 'outsider', host: string, port: number) =>
      until(
        `${from} can not reach ${host}:${port}`,
        async () => (await reach(from, host, port)) === 'closed',
      );
    test.each(PARTS)(
      'let anyone reach the probes and metrics of the %s, and nothing else of it',
      async (part) => {
        const address = pods[part].address;
        expect(await reach('outsider', address, 8_080)).toBe('open');
        expect(await reach('outsider', address, 8_081)).toBe('open');
        await until(
          'the stray process listens',
          async () => (await reach(part, '127.0.0.1', STRAY_PORT)) === 'open',
        );
        await untilClosed('outsider', address, STRAY_PORT);
      },
    );

    test('let instances reach the gateway, and no one the same port of the controller', async () => {
      expect(await reach('outsider', pods.gateway.address, GATEWAY_PORT)).toBe('open');
      const controller = pods.controller.address;
      await until(
        'a stray gateway listens',
        async () => (await reach('controller', '127.0.0.1', GATEWAY_PORT)) === 'open',
      );
      await untilClosed('outsider', controller, GATEWAY_PORT);
    });

    test.each(PARTS)('let the %s reach database, cloud and API server, and nothing else', async (part) => {
      for (const port of [5_432, 443, 6_443])
        expect([port, await reach(part, NODE_IP, port)]).toEqual([port, 'open']);
      await untilClosed(part, NODE_IP, STRAY_PORT);
      expect(await reach('outsider', NODE_IP, STRAY_PORT)).toBe('open');
    });

    test('are what closes: without them the same connections open', async () => {
      await scene.helm.apply('upgrade', { ...scene.values, networkPolicy: { enabled: false } });
      await until(
        'the gateway gets out',
        async () => (await reach('gateway', NODE_IP, STRAY_PORT)) === 'open',
      );
      const address = pods.gateway.address;
      await until('it is reached', async () => (await reach('outsider', address, STRAY_PORT)) === 'open');
    });
  });
}
