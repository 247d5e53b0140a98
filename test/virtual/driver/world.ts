import type { z } from 'zod';
import { currentState } from '../../../dev/ec2/base/model.ts';
import type { Cloud, CloudOptions } from '../../../dev/ec2/cloud/state.ts';
import type { Faults } from '../../../dev/ec2/exchange/faults.ts';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import { configSchema } from '../../../src/config/config.ts';
import { PRESENT } from '../../frozen/operator.ts';
import { renderedBy } from '../../frozen/request.ts';
import { createJudge } from '../../simulator/laws/judge.ts';
import { createScene, REGION, type Scene } from '../../simulator/scene/scene.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { type Books, createBooks } from './books.ts';
import { createOutages, type Outages } from './outages.ts';
import { type ClassSpec, conditionOf, createPeople, type People } from './people.ts';
import { createProcesses, type Processes } from './processes.ts';
import { createTime, type Time } from './time.ts';
import { createWorldTimeline } from './timeline.ts';

type Settings = z.input<typeof configSchema>;

export interface WorldOptions {
  /** Of all chance; default 1. */
  seed?: number;
  /** Operators that run from the beginning, one of which leads by then; default 1. */
  replicas?: number;
  /** What differs from the operator's defaults, which are life size. */
  settings?: { [Group in keyof Settings]?: Partial<Settings[Group]> };
  /** What differs from EC2's timing, quota and so on. */
  cloud?: Partial<CloudOptions>;
  /** Other releases run as well: what they send is compared as it goes over the wire. */
  releases?: boolean;
  /** Of the class `standard`, which is there from the beginning. */
  standard?: ClassSpec;
}

/** Cluster, cloud, agents, gateway, database and operators in virtual time, and what a story does to them and asks of them. */
export interface World extends Time, People, Books, Outages, Processes {
  /** All that is below, for what isn't here. */
  scene: Scene;
  cloud: Cloud;
  /** EC2's: instances that end, are impaired, interrupted or hidden; a lack of capacity. */
  faults: Faults;
  /** Somebody says of a Workspace that it looks dead. */
  report(name: string): Promise<void>;
  /** The API server's whole state as it is, to be restored later as a backup of etcd is, versions and all. @returns how to */
  backUp(): () => void;
  /** A Workspace that lets go of an instance that lives, as the books may show from now on. */
  letGo(uid: string): void;
  /** For the timeline. */
  note(what: string): void;
  timeline(): string;
}

/** Workspaces shown at one look. */
const GLANCED = 12;

const DEFAULTS = {
  kubernetes: { namespace: OPERATOR_NAMESPACE },
  aws: { region: REGION },
  database: {},
  gateway: { url: 'https://gateway.invalid' },
  controller: {},
  orphans: {},
  timing: {},
  observability: {},
} satisfies Settings;

function configOf(settings: WorldOptions['settings'] = {}) {
  const groups = Object.entries(DEFAULTS).map(([group, defaults]) => [
    group,
    { ...defaults, ...settings[group as keyof Settings] },
  ]);
  return configSchema.parse(Object.fromEntries(groups));
}

/** @param signal ends the story: no time passes after it */
export async function createWorld(options: WorldOptions = {}, signal?: AbortSignal): Promise<World> {
  const { seed = 1, replicas = 1 } = options;
  let started: Scene | undefined;
  const timeline = createWorldTimeline(() => started?.clock.monotonic() ?? 0);
  const made = await createScene(seed, {
    config: configOf(options.settings),
    cloud: options.cloud ?? {},
    wire: timeline.wire,
    ...(options.releases && { toRunInput: renderedBy(PRESENT) }),
  });
  const scene: Scene = { ...made, note: timeline.note };
  started = scene;
  timeline.attach(scene);

  let isChanged = false;
  const change = () => {
    isChanged = true;
  };
  scene.api.state.onCommit(change);
  scene.service.cloud.lifecycle.subscribe(change);
  const changed = () => {
    const was = isChanged;
    isChanged = false;
    return was;
  };
  const time = createTime({ clock: scene.clock, changed, signal, glance: () => glance(people, books) });
  const people = createPeople(scene, time);
  const books = createBooks(scene, people);
  const processes = createProcesses(scene, time);
  const outages = createOutages(scene, time);

  let isRestored = false;
  const letGo = new Set<string>();
  const judge = createJudge(scene, {
    names: () => people.workspaces().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    read: (name) => Promise.resolve(people.find(name)),
    forgets: (uid) => isRestored || letGo.has(uid),
    isEdited: people.isEdited,
  });
  time.always('laws', async () => (await judge.look()) ?? true);
  await people.createClass('standard', options.standard);
  for (let count = 0; count < replicas; count += 1) processes.startOperator();
  if (replicas > 0) await processes.untilLeader();
  return {
    ...time,
    ...people,
    ...books,
    ...outages,
    ...processes,
    scene,
    cloud: scene.service.cloud,
    faults: scene.service.faults,
    async report(name) {
      scene.note(`someone reports ${name}`);
      await scene.gateway.report({ namespace: NAMESPACE, name });
    },
    backUp() {
      const backup = scene.api.state.dump();
      return () => {
        scene.note('the backup is restored');
        isRestored = true;
        scene.api.state.load(backup);
      };
    },
    letGo: (uid) => void letGo.add(uid),
    note: timeline.note,
    timeline: timeline.text,
  };
}

/** What there is to see at one look. */
function glance(people: People, books: Books): string {
  const workspaces = people.workspaces().map(({ metadata, status }) => {
    const ready = conditionOf({ status }, 'Ready');
    const launch = `launch ${status?.launch?.number} ${status?.launch?.phase}`;
    const instances = books.instances(metadata.name).map((it) => `${it.id} ${currentState(it)}`);
    return `${metadata.name}: ${launch}, Ready ${ready?.status} ${ready?.reason} (${ready?.message}), instances: ${instances.slice(-3)}`;
  });
  const left = workspaces.length - GLANCED;
  const more = left > 0 ? [`and ${left} more`] : [];
  return ['', ...workspaces.slice(0, GLANCED), ...more].join('\n  ');
}
