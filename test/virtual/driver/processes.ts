import type { Config } from '../../../src/config/config.ts';
import type { ControllerPart } from '../../../src/operator/controllerPart.ts';
import { platformOf } from '../../frozen/operator.ts';
import { renderedBy } from '../../frozen/request.ts';
import { startOperator } from '../../simulator/scene/operators.ts';
import type { Release } from '../../simulator/scene/releases.ts';
import type { Scene } from '../../simulator/scene/scene.ts';
import type { Time } from './time.ts';

/** One process of the operator's controller. What it has sent goes on without it. */
export interface Operator {
  readonly name: string;
  leads(): boolean;
  /** As SIGKILL does. */
  kill(): void;
  /** As SIGSTOP and SIGCONT do: no timer fires, no answer is taken in, until it goes on. */
  freeze(): void;
  thaw(): void;
  /** As SIGTERM does; resolves once it has ended. */
  stop(): Promise<void>;
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** All series of a metric that are not 0, by their labels. */
  series(name: string): Promise<Readonly<Record<string, number>>>;
  /** Messages that it logged. */
  said(message: string): number;
}

/** A call on its way from a process: `runInstances`, `PATCH /apis/…/workspaces/ada/status`, `WATCH /api/…`. */
export interface OnCall {
  /** Part of the call's name. */
  call: string | RegExp;
  /** Before it is sent, or after it was carried out and before the process hears of it. */
  when: 'before' | 'after';
  /** Which such call, from 1, the default. */
  nth?: number;
}

/** Calls that change anything a Workspace depends on: not leases, events and classes' statuses. */
export const EFFECT =
  /^(?!.*\/(leases|events|workspaceclasses)\b)(POST|PUT|PATCH|DELETE|(run|terminate|stop|start)Instances)/;

export interface Processes {
  /**
   * A new process; it joins, and leads if it may, as time passes.
   * @param kubernetes what its settings have other than the world's
   * @param release by default this one
   */
  startOperator(kubernetes?: Partial<Config['kubernetes']>, release?: Release): Operator;
  /** Those that live. */
  operators(): readonly Operator[];
  /** @throws when none leads */
  leader(): Operator;
  untilLeader(): Promise<Operator>;
  /** Does something at the very moment of a call; once. @returns the process that made it, once it has */
  onCall(call: OnCall, act: (operator: Operator) => void): () => Operator | undefined;
  /** Kills the process that makes the call; a look for `until`. */
  killAt(call: OnCall): () => Operator | undefined;
}

export function createProcesses(scene: Scene, time: Time): Processes {
  let started = 0;
  let alive: Operator[] = [];
  let waiting: { hook: OnCall; left: number; act(operator: Operator): void }[] = [];

  function strike(operator: Operator, call: string, when: 'before' | 'after'): void {
    for (const entry of waiting) {
      const { hook } = entry;
      const meets = typeof hook.call === 'string' ? call.includes(hook.call) : hook.call.test(call);
      if (hook.when !== when || !meets) continue;
      entry.left -= 1;
      if (entry.left > 0) continue;
      waiting = waiting.filter((other) => other !== entry);
      scene.note(`the moment: ${when} ${call} of ${operator.name}`);
      entry.act(operator);
    }
  }

  /** Each line is read once. */
  const counts = new Map<string, number>();
  let read = 0;
  function said(process: string, message: string): number {
    for (const line of scene.logs.slice(read)) {
      const logged = JSON.parse(line) as { process?: string; msg?: string };
      const key = `${logged.process} ${logged.msg}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    read = scene.logs.length;
    return counts.get(`${process} ${message}`) ?? 0;
  }

  function start(kubernetes: Partial<Config['kubernetes']> = {}, release?: Release): Operator {
    started += 1;
    const name = `operator-${started}`;
    const { mortal, platform: made } = scene.process(name, (call, when) => strike(operator, call, when));
    const config = { ...made.config, kubernetes: { ...made.config.kubernetes, ...kubernetes } };
    const given = { ...made, config };
    const code = release && { ...release.code, config };
    const platform = code ? platformOf(code, mortal, given, scene.service, renderedBy(code)) : given;
    let part: ControllerPart | undefined;
    const leave = () => {
      alive = alive.filter((other) => other !== operator);
    };
    const operator: Operator = {
      name,
      leads: () => !mortal.isDead() && part?.elector.held() === true,
      kill() {
        scene.note(`${name} is killed`);
        mortal.die();
        leave();
      },
      freeze() {
        scene.note(`${name} stands still`);
        mortal.freeze();
      },
      thaw() {
        scene.note(`${name} goes on`);
        mortal.thaw();
      },
      async stop() {
        scene.note(`${name} is asked to end`);
        leave();
        await time.during(starting.then(() => part?.stop()));
        mortal.die();
      },
      async metric(metric, labels = {}) {
        const { values } = (await platform.registry.getSingleMetric(metric)?.get()) ?? { values: [] };
        const wanted = Object.entries(labels);
        const found = values.find((it) => wanted.every(([label, value]) => it.labels[label] === value));
        return found?.value ?? 0;
      },
      async series(metric) {
        const { values } = (await platform.registry.getSingleMetric(metric)?.get()) ?? { values: [] };
        const known = values.filter(({ value }) => value !== 0);
        return Object.fromEntries(known.map((it) => [Object.values(it.labels).join(' '), it.value]));
      },
      said: (message) => said(name, message),
    };
    alive.push(operator);
    const starting = startOperator(scene, platform, code).then((it) => {
      part = it;
    });
    starting.catch((error: unknown) => {
      if (!mortal.isDead()) scene.note(`${name} failed to start: ${String(error)}`);
    });
    return operator;
  }

  function onCall(hook: OnCall, act: (operator: Operator) => void): () => Operator | undefined {
    let met: Operator | undefined;
    const entry = {
      hook,
      left: hook.nth ?? 1,
      act(operator: Operator) {
        met = operator;
        act(operator);
      },
    };
    waiting.push(entry);
    return () => met;
  }

  const leads = () => alive.find((operator) => operator.leads());
  return {
    startOperator: start,
    operators: () => alive,
    leader() {
      const found = leads();
      if (!found) throw new Error('no operator leads');
      return found;
    },
    untilLeader: () => time.until('an operator leads', leads),
    onCall,
    killAt: (call) => onCall(call, (operator) => operator.kill()),
  };
}
