import type { AskedFor } from '../../../src/api/launch/refusalScope.ts';
import { REFUSALS } from '../../../src/api/reasons/refusals.ts';
import type { LaunchAnswer } from '../../../src/reconcilers/workspace/decide/facts/processFacts.ts';
import type { Effect } from '../../../src/reconcilers/workspace/decide/facts/view.ts';
import type { Heard } from '../world/heard.ts';
import { processWith, spent } from '../world/parts.ts';
import { refusalOf } from '../world/quotas.ts';
import { askedBy, land } from '../world/requests.ts';
import { NOW, SECOND } from '../world/timing.ts';
import type { Flight, Sent, Step, World } from '../world/world.ts';
import { amend, step } from './change.ts';

/** An effect, and each way in which it can go. */
export function perform(world: World, effect: Effect): Step[] {
  switch (effect.kind) {
    case 'AddFinalizer':
      return [step(world, 'add finalizer', setFinalizer(world, true))];
    case 'RemoveFinalizer':
      return [step(world, 'remove finalizer', setFinalizer(world, false))];
    case 'ReadConsole':
      return [step(world, 'read console', note(world, [numberOf(effect.instanceID)], { console: true }))];
    case 'TerminateInstances':
      return request(world, 'end', effect.ids);
    case 'StopInstances':
      return request(world, 'stop', effect.ids);
    case 'StartInstances':
      return request(world, 'start', effect.ids);
    case 'RunInstances':
      return run(world, effect.number, effect.armed);
    case 'DryRun':
      return [];
  }
}

function setFinalizer(world: World, present: boolean): Partial<World> {
  return { ...amend(world, { finalizer: present }), gone: world.object.deleting && !present };
}

function numberOf(id: string): number {
  return Number(id.slice(2));
}

function note(
  world: World,
  numbers: readonly number[],
  changes: Omit<Partial<Sent>, 'number'>,
): Pick<World, 'process'> {
  const others = world.process.sent.filter(({ number }) => !numbers.includes(number));
  const sent = numbers.map((number): Sent => {
    const before = world.process.sent.find((it) => it.number === number);
    const { endAt, stopAt, startAt, console } = { ...before, ...changes };
    return { number, endAt, stopAt, startAt, console };
  });
  return processWith(world, { sent: [...others, ...sent].sort((a, b) => a.number - b.number) });
}

/** No code uses the answer, so a lost one changes nothing. */
function request(world: World, kind: 'end' | 'stop' | 'start', ids: readonly string[]): Step[] {
  const numbers = ids.map(numberOf);
  const at = { [`${kind}At`]: NOW };
  const sent = { ...world, ...note(world, numbers, at) };
  let landed = sent;
  for (const number of numbers) landed = { ...landed, ...land(landed, { kind, number }) };
  const result = [step(landed, kind, {})];
  if (world.budget.losses === 0) return result;
  const flights = numbers.map((number): Flight => ({ kind, number, sentAt: NOW }));
  const late = { ...spent(world, 'losses'), flights: [...world.flights, ...flights] };
  return [...result, step(sent, `${kind}: on its way`, late), step(landed, `${kind}: arrives twice`, late)];
}

function run(world: World, number: number, armed: boolean): Step[] {
  const { process } = world;
  const before = process.sends?.number === number ? process.sends : undefined;
  const firstSend = armed && !before;
  const answered = (result: LaunchAnswer['result'], heard: readonly Heard[] = []) =>
    processWith(world, {
      heard: [...process.heard, ...heard],
      sends: { number, count: Math.min((before?.count ?? 0) + 1, 2), lastAt: NOW },
      answer: {
        number,
        sentAt: NOW,
        firstSend,
        quietSince: Math.max(process.termAt, before?.lastAt ?? 0),
        result,
      },
    });
  const asked = askedBy(world);
  const bound = world.instances.find((instance) => instance.number === number);
  const unread = [...refusals(world, !bound, answered), ...throttles(world, answered)];
  if (bound && bound.asked !== asked)
    return [step(world, 'run: mismatch', answered({ kind: 'mismatch' })), ...unread];
  const landed = { ...world, ...land(world, { kind: 'run', number, asked }) };
  const { quotas } = world.terms;
  const offering = quotas.length > 0 ? world.object.status?.launch?.params : undefined;
  const full = offering && !bound ? refusalOf(world.full, offering) : undefined;
  if (full && offering) {
    const { class: of, code } = full;
    const said = heardOf('refused', offering, { class: of, code });
    const refused = answered({ kind: 'refused', class: of, code, message: '' }, [said]);
    return [step(world, 'run: over quota', refused)];
  }
  const through = offering && firstSend ? [heardOf('accepted', offering, { class: 'quota', code: '' })] : [];
  const known = see({ ...landed, ...answered({ kind: 'accepted' }, through) }, number);
  const result = [step(landed, 'run: accepted', known), ...unread];
  if (world.budget.losses > 0) {
    const lost = { ...spent(world, 'losses'), ...answered({ kind: 'ambiguous', code: 'T' }) };
    const flights: Flight[] = [...world.flights, { kind: 'run', number, sentAt: NOW, asked }];
    result.push(step(landed, 'run: answer lost', lost));
    result.push(step(world, 'run: on its way', { ...lost, flights }));
  }
  return result;
}

type Answered = (result: LaunchAnswer['result']) => Pick<World, 'process'>;

/** What a person must fix, EC2 says before it looks for the token. */
function refusals(world: World, isFree: boolean, answered: Answered): Step[] {
  const { refusal } = world.terms;
  if (world.budget.refusals === 0 || !(isFree || !REFUSALS[refusal].afterToken)) return [];
  const refused = answered({ kind: 'refused', class: refusal, code: 'C', message: '' });
  return [step(world, 'run: refused', { ...spent(world, 'refusals'), ...refused })];
}

/** "Too fast", before it looks at anything; all wait from then on. */
function throttles(world: World, answered: Answered): Step[] {
  if (world.budget.throttles === 0) return [];
  const changes = { ...spent(world, 'throttles'), queued: true, ...answered({ kind: 'throttled' }) };
  return [step(world, 'run: too fast', changes)];
}

function heardOf(
  kind: Heard['kind'],
  { instanceType, capacityType, zone, subnetID, imageID }: AskedFor,
  failure: Pick<Heard, 'class' | 'code'>,
): Heard {
  const asked = { instanceType, capacityType, zone, subnetID, imageID };
  return { kind, asked, ...failure, at: NOW, until: NOW + SECOND };
}

/** The answer shows the instance, before any sweep does. */
function see(world: World, number: number): Pick<World, 'process'> {
  const truth = world.instances.find((instance) => instance.number === number);
  const others = world.process.view.filter((seen) => seen.number !== number);
  const sight = { number, state: truth?.state ?? 'Unknown', firstAt: undefined, lastAt: undefined } as const;
  return processWith(world, { view: [...others, sight].sort((a, b) => a.number - b.number) });
}
