import fc from 'fast-check';
import type { Facts } from '../../../src/reconcilers/workspace/decide/facts/facts.ts';
import {
  classOf,
  factsOf,
  HOUR,
  heartbeatOf,
  instanceOf,
  launchOf,
  MINUTE,
  NOW,
  SECOND,
  silenceOf,
  stamp,
  statusOf,
} from './facts.ts';

const agoMs = fc.constantFrom(0, 30 * SECOND, 90 * SECOND, 4 * MINUTE, 5 * MINUTE, HOUR);
const mostly = <T>(usual: T, ...others: T[]) => fc.constantFrom(usual, usual, usual, usual, ...others);

/** A launch that heartbeat before, in each state of it and of the evidence on it. */
export const arbitrarySilence: fc.Arbitrary<Facts> = fc
  .record({
    available: mostly(true, false),
    availableFor: agoMs,
    massSilence: mostly(false, true),
    row: mostly('silent', 'heard', 'none'),
    silentFor: agoMs,
    silentNumber: mostly(1, 2),
    sweptAgo: mostly(0, 10 * MINUTE, 2 * HOUR),
    state: mostly('running', 'stopping', 'stopped', 'terminated', 'pending'),
    missing: mostly(false, true),
    impairedFor: fc.option(agoMs),
    policy: mostly('Replace', 'None'),
    afterSeconds: fc.constantFrom(0, 300),
    failures: fc.integer({ min: 0, max: 5 }),
    readyAgo: fc.constantFrom(6 * MINUTE, 2 * HOUR),
    console: mostly(true, false),
    phase: mostly('Submitted' as const, 'Stopped' as const),
  })
  .map((given): Facts => {
    const { available, massSilence, row, state, missing, impairedFor } = given;
    const launch = launchOf({
      failures: given.failures,
      phase: given.phase,
      submittedAt: stamp(-3 * HOUR),
      readyAt: stamp(-given.readyAgo),
    });
    return factsOf({
      status: statusOf({ launch }),
      class: classOf({ repair: { policy: given.policy, afterSeconds: given.afterSeconds } }),
      instances: [
        instanceOf(1, state, {
          missing,
          ...(impairedFor === null ? {} : { impaired: { kind: 'system', since: NOW.mono - impairedFor } }),
        }),
      ],
      sweptAt: NOW.mono - given.sweptAgo,
      heartbeats: {
        available,
        massSilence,
        ...(available ? { since: NOW.mono - given.availableFor } : {}),
        launches: row === 'none' ? [] : [heartbeatOf(1, { fresh: row === 'heard' })],
      },
      process: {
        termAt: NOW.mono - 4 * HOUR,
        silence: silenceOf(given.silentNumber, given.silentFor),
        console: given.console ? { 'i-1': '' } : {},
      },
    });
  });
