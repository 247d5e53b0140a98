import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import type { Connection } from '../apiServer/connection.ts';
import { NAMESPACE } from '../apiServer/objects.ts';
import { CLASS, SECRET, SECRETS, secretData } from './fill.ts';
import type { Counted, Operator, Probed } from './operator.ts';
import { pause, until } from './pace.ts';

/** A figure's name ends with its unit. */
export type Figures = Record<string, number>;

/** For so long nothing may wait and nothing be under way before something counts as over, ms. */
const QUIET_MS = 3_000;
/** How often it is asked what it counted, ms: each answer costs it some milliseconds. */
const LOOK_MS = 1_000;

/** What the operator counts once it has been at rest for a while, and when the rest began. */
async function rest(
  operator: Operator,
  isOver: (now: Counted) => boolean,
): Promise<{ at: number; counted: Counted }> {
  let since: number | undefined;
  let before: Counted | undefined;
  return until(
    'the operator is at rest',
    async () => {
      const counted = await operator.counted();
      const isSame = counted.passes === before?.passes && counted.writes === before.writes;
      if (counted.pending > 0 || !isOver(counted) || !isSame) since = undefined;
      else since ??= performance.now();
      before = counted;
      return since !== undefined && performance.now() - since >= QUIET_MS
        ? { at: since, counted }
        : undefined;
    },
    { everyMs: LOOK_MS },
  );
}

/** @param startedAt when its process was started */
export async function measureStart(operator: Operator, startedAt: number, count: number): Promise<Figures> {
  const { at, counted } = await rest(operator, ({ sweeps, passes }) => sweeps > 0 && passes >= count);
  const { cpuSeconds, stalls, worstMs } = await operator.probe();
  return {
    'start: until all are decided, s': (at - startedAt) / 1_000,
    'start: CPU, s': cpuSeconds,
    'start: reads of the API server': counted.reads,
    'start: status writes': counted.writes,
    'start: passes a Workspace': counted.passes / count,
    'start: stalls > 50 ms': stalls,
    'start: worst stall, ms': worstMs,
  };
}

/** @returns also the part of a core that it takes, % */
export async function measureSteady(
  operator: Operator,
  seconds: number,
): Promise<{ figures: Figures; percent: number }> {
  const before = await operator.probe();
  const counted = await operator.counted();
  await pause(seconds * 1_000);
  const after = await operator.probe();
  const then = await operator.counted();
  const percent = ((after.cpuSeconds - before.cpuSeconds) * 100) / seconds;
  const figures = {
    'steady: CPU, % of a core': percent,
    'steady: stalls > 50 ms a minute': (after.stalls * 60) / seconds,
    'steady: worst stall, ms': after.worstMs,
    'steady: passes a minute': ((then.passes - counted.passes) * 60) / seconds,
    'steady: resident, MB': after.megabytes,
    'steady: heap, MB': after.heapMB,
    'steady: in use of the heap, MB': after.usedMB,
    'steady: buffers, MB': after.externalMB,
  };
  return { figures, percent };
}

async function change(
  operator: Operator,
  name: string,
  deed: () => Promise<unknown>,
  isOver: (before: Counted, now: Counted) => boolean,
): Promise<{ figures: Figures; writes: number; after: Probed; cpuSeconds: number }> {
  const before = await operator.probe();
  const counted = await operator.counted();
  const begunAt = performance.now();
  await deed();
  const { at, counted: then } = await rest(operator, (now) => isOver(counted, now));
  const after = await operator.probe();
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  const writes = then.writes - counted.writes;
  const figures = {
    [`${name}: until at rest, s`]: (at - begunAt) / 1_000,
    [`${name}: CPU, s`]: cpuSeconds,
    [`${name}: reads of the API server`]: then.reads - counted.reads,
    [`${name}: status writes`]: writes,
    [`${name}: events`]: then.creates - counted.creates,
    [`${name}: passes`]: then.passes - counted.passes,
    [`${name}: stalls > 50 ms`]: after.stalls,
    [`${name}: worst stall, ms`]: after.worstMs,
  };
  return { figures, writes, after, cpuSeconds };
}

export async function measureChanges(
  connection: Connection,
  operator: Operator,
  count: number,
  steadyPercent: number,
): Promise<Figures> {
  const { client } = connection;
  const secret = { name: SECRET, namespace: NAMESPACE };
  const looked = (before: Counted, now: Counted) => now.passes >= before.passes + count;
  const touched = await change(
    operator,
    'Secret touched',
    () => client.mergePatch(SECRETS, secret, { metadata: { labels: { touched: 'yes' } } }),
    looked,
  );
  const edited = await change(
    operator,
    'class edited',
    () => client.mergePatch(CLASSES, { name: CLASS }, { spec: { tags: { edited: 'yes' } } }),
    looked,
  );
  // All but the one that tries it first say that they wait. What it costs at rest goes on meanwhile, and is no write's.
  const begunAt = performance.now();
  const rolled = await change(
    operator,
    'new content',
    () => client.mergePatch(SECRETS, secret, { data: secretData('second') }),
    (before, now) => now.writes >= before.writes + count,
  );
  const atRest = ((performance.now() - begunAt) / 1_000) * (steadyPercent / 100);
  return {
    ...touched.figures,
    ...edited.figures,
    ...rolled.figures,
    'new content: CPU a status write, ms': ((rolled.cpuSeconds - atRest) * 1_000) / rolled.writes,
    'new content: resident, MB': rolled.after.megabytes,
  };
}
