import { joinCluster, type Platform } from '../../src/cluster.ts';
import { type ControllerPart, startControllerPart } from '../../src/controllerPart.ts';
import type { Scene } from './scene.ts';

/** Replicas of the operator; one that dies is followed by a new one, as a Pod by the next. */
export interface Operators {
  /** One of them dies at the call that is so many calls away, before it is sent or after it is answered. */
  strikeSoon(inCalls: number, when: 'before' | 'after'): void;
  /** One of them stands still for so long, ms. */
  freeze(ms: number): void;
  /** Nobody dies any more, and whoever stands still goes on. */
  rest(): void;
}

/** Wall clocks of two nodes are so far apart, ms. */
const MOST_SKEW_MS = 5_000;

const FILES = { tls: undefined, caBundle: undefined, identityCertificates: [] };

/** The controller's part of an operator's process, once its caches have synced. */
export async function startOperator(
  scene: Pick<Scene, 'store' | 'atEnd'>,
  platform: Platform,
): Promise<ControllerPart | undefined> {
  const never = new AbortController().signal;
  const cluster = await joinCluster(platform, never);
  if (!cluster) return undefined;
  scene.atEnd(() => void cluster.stop());
  cluster.watch('all');
  await cluster.waitForSync(never);
  const part = startControllerPart(platform, FILES, cluster, scene.store);
  return {
    elector: part.elector,
    async stop() {
      await part.stop();
      await cluster.stop();
    },
  };
}

export function startOperators(scene: Scene, replicas: number): Operators {
  let doom: { left: number; when: 'before' | 'after' } | undefined;
  let started = 0;
  const alive: { name: string; mortal: ReturnType<Scene['process']>['mortal'] }[] = [];

  function start(): void {
    started += 1;
    const name = `operator-${started}`;
    const skewMs = (2 * scene.random.next() - 1) * MOST_SKEW_MS;
    const strike = (call: string, when: 'before' | 'after'): void => {
      if (!doom || doom.when !== when) return;
      doom.left -= 1;
      if (doom.left > 0) return;
      doom = undefined;
      scene.note(`${name} dies ${when} ${call}`);
      mortal.die();
      alive.splice(
        alive.findIndex((it) => it.mortal === mortal),
        1,
      );
      scene.clock.setTimeout(start, 1_000 + scene.random.next() * 20_000);
    };
    const { mortal, platform } = scene.process(name, strike, skewMs);
    alive.push({ name, mortal });
    startOperator(scene, platform).catch((error: unknown) => {
      if (!mortal.isDead()) scene.note(`${name} failed to start: ${String(error)}`);
    });
  }

  for (let count = 0; count < replicas; count += 1) start();
  return {
    strikeSoon(inCalls, when) {
      doom = { left: inCalls, when };
    },
    freeze(ms) {
      const frozen = alive[Math.floor(scene.random.next() * alive.length)];
      if (!frozen) return;
      scene.note(`${frozen.name} stands still for ${Math.round(ms / 1000)} s`);
      frozen.mortal.freeze();
      scene.clock.setTimeout(() => frozen.mortal.thaw(), ms);
    },
    rest() {
      doom = undefined;
      for (const { mortal } of alive) mortal.thaw();
    },
  };
}
