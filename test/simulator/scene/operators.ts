import type { Platform } from '../../../src/cluster/cluster.ts';
import type { ControllerPart } from '../../../src/operator/controllerPart.ts';
import { type Code, PRESENT, platformOf } from '../../frozen/operator.ts';
import { renderedBy } from '../../frozen/request.ts';
import type { Mortal } from './mortal.ts';
import type { Release } from './releases.ts';
import type { Scene } from './scene.ts';

/** Replicas of the operator; one that dies is followed by a new one, as a Pod by the next. */
export interface Operators {
  /** One of them dies at the n-th call from now, before it is sent or after it is answered. */
  strikeSoon(inCalls: number, when: 'before' | 'after'): void;
  /** One of them stands still for so long, ms. */
  freeze(ms: number): void;
  /** Another release follows, as a Deployment is rolled: one replica after the other. Says which. */
  takeTurns(): string;
  /** No process dies any more, those that stand still go on, and all are of this release. */
  rest(): void;
}

/** Wall clocks of two nodes are so far apart, ms. */
const MOST_SKEW_MS = 5_000;

/** A replica of a Deployment that is rolled is up before the next one goes, ms. */
const ROLLED_EVERY_MS = 15_000;

const FILES = { tls: undefined, caBundle: undefined, identityCertificates: [] };

/** The controller's part of an operator's process, once its caches have synced. */
export async function startOperator(
  scene: Pick<Scene, 'store' | 'atEnd'>,
  platform: Platform,
  { joinCluster, startControllerPart }: Code = PRESENT,
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

/** @param earlier another release, if several take turns */
export function startOperators(scene: Scene, replicas: number, earlier?: Release): Operators {
  let doom: { left: number; when: 'before' | 'after' } | undefined;
  let started = 0;
  let [code, isEarlier] = [PRESENT, false];
  const alive: { name: string; mortal: Mortal }[] = [];

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
      end(mortal);
      scene.clock.setTimeout(start, 1_000 + scene.random.next() * 20_000);
    };
    const { mortal, platform: given } = scene.process(name, strike, skewMs);
    alive.push({ name, mortal });
    const platform = earlier ? platformOf(code, mortal, given, scene.service, renderedBy(code)) : given;
    startOperator(scene, platform, code).catch((error: unknown) => {
      if (!mortal.isDead()) scene.note(`${name} failed to start: ${String(error)}`);
    });
  }

  function end(mortal: Mortal): void {
    mortal.die();
    alive.splice(
      alive.findIndex((it) => it.mortal === mortal),
      1,
    );
  }

  /** One replica is replaced, and once its successor had time to start the other. */
  function roll(next: Code): void {
    code = next;
    for (const [index, { mortal }] of [...alive].entries())
      scene.clock.setTimeout(() => {
        if (mortal.isDead()) return;
        end(mortal);
        start();
      }, index * ROLLED_EVERY_MS);
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
    takeTurns() {
      if (!earlier) return 'there is no earlier release';
      isEarlier = !isEarlier;
      // The definitions go back with the operator, or they stay, and so does what it does not know.
      const prunes = isEarlier && scene.random.next() < 0.5;
      if (prunes) earlier.prune(scene);
      roll(isEarlier ? earlier.code : PRESENT);
      return isEarlier ? `a downgrade, the definitions ${prunes ? 'too' : 'stay'}` : 'an upgrade';
    },
    rest() {
      doom = undefined;
      if (isEarlier) roll(PRESENT);
      isEarlier = false;
      for (const { mortal } of alive) mortal.thaw();
    },
  };
}
