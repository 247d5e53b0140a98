import { describe, expect, test } from 'vitest';
import {
  conditionOf,
  decideAt,
  decideValidated,
  withStatus,
  written,
} from '../../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  desiredOf,
  factsOf,
  instanceOf,
  launchOf,
  NOW,
  type Overrides,
  SECOND,
  statusOf,
} from '../../../../../test/support/workspace/facts.ts';
import { workspaceSpec } from '../../../../api/kinds/workspace.ts';
import { machineDigest } from '../../../../api/launch/machine.ts';
import type { Facts } from '../facts/facts.ts';
import { machineAsked } from './asked.ts';

const SHOWN = {
  imageID: 'ami-1',
  type: 'm7i.large',
  capacityType: 'OnDemand' as const,
  subnetID: 'subnet-1',
  securityGroupIDs: ['sg-1'],
};

type Edited = {
  klass?: Record<string, unknown>;
  own?: Record<string, unknown>;
  images?: { architecture: string; id: string }[];
};

const specOf = (own: Edited['own']) => workspaceSpec.parse({ className: 'standard', ...own });
const digest = ({ klass, own, images }: Edited = {}) =>
  machineDigest(specOf(own), classOf(klass).spec, images);

/** Facts as observe gathers them, of these specs. */
function underSpecs(facts: Facts, { klass, own, images }: Edited): Facts {
  const spec = { ...facts.workspace.spec, ...own };
  const workspace = { ...facts.workspace, spec };
  const given = { ...classOf(klass), status: { observedGeneration: 1, resolvedImages: images } };
  return { ...facts, workspace, class: given, machine: machineAsked(workspace, given) };
}

/** Launch 1 was found again by an earlier release, which took it for current; EC2 shows this of its instance. */
function found(
  shown: Record<string, unknown>,
  specs: Edited = {},
  recorded = digest(specs),
  more: Overrides = {},
) {
  const launch = launchOf({ params: undefined, machine: recorded });
  const desired = { ...desiredOf(1, 'a'), machine: recorded };
  const instances = [instanceOf(1, 'running', { ...SHOWN, ...shown })];
  return underSpecs(factsOf({ status: statusOf({ launch, desired }), instances, ...more }) as Facts, specs);
}

const AUTOMATIC = { klass: { imageUpdatePolicy: 'Automatic' } };
const newest = (id: string) => [{ architecture: 'x86_64', id }];

describe('of a launch whose parameters are lost', () => {
  test('what EC2 shows is recorded, and the rest is as the class says', () => {
    const { status, decision } = written(found({}));
    expect(status.launch?.found).toEqual({
      launch: 1,
      imageID: 'ami-1',
      instanceType: 'm7i.large',
      capacityType: 'OnDemand',
      subnetID: 'subnet-1',
      securityGroupIDs: ['sg-1'],
      ofClass: { rootVolume: { sizeGiB: 30, type: 'gp3' }, instanceProfile: undefined, script: undefined },
    });
    expect(status.desired?.generation).toBe(1);
    expect(conditionOf(decision, 'UpToDate').status).toBe('True');
  });

  test.each([
    ['image', { imageID: 'ami-1' }, { ...AUTOMATIC, images: newest('ami-2') }, 'ClassChanged'],
    ['type', { type: 'm6i.large' }, { own: { instanceType: 'm7i.large' } }, 'SpecChanged'],
    ['groups', { securityGroupIDs: ['sg-9'] }, {}, 'ClassChanged'],
    ['profile', { instanceProfile: 'other' }, { klass: { instanceProfile: 'workspace' } }, 'ClassChanged'],
    ['profile', { instanceProfile: 'other' }, {}, 'ClassChanged'],
    ['profile', { instanceProfile: '' }, { klass: { instanceProfile: 'workspace' } }, 'ClassChanged'],
  ])(
    'another %s than the specs ask for is one change, though it counted as current',
    (_what, shown, specs, cause) => {
      const facts = found(shown, specs);
      const decision = decideValidated(facts);
      expect(decision.status.launch).toMatchObject({
        number: 2,
        generation: 2,
        cause: { kind: cause, ref: '2' },
      });
    },
  );

  test.each([
    ['smaller', 20, 1],
    ['larger', 40, 2],
  ])('a %s volume from then on costs what it costs any other', (_what, sizeGiB, number) => {
    const { status } = written(found({}));
    const specs = { klass: { rootVolume: { sizeGiB } } };
    const later = underSpecs(withStatus(found({}), status), specs);
    const recorded = { env: status.desired?.env ?? '', machine: status.desired?.machine ?? '' };
    const machine = later.machine ?? '';
    const since = NOW.mono - 60 * SECOND;
    const pending = { recorded, env: recorded.env, machine, since, burstSince: since, changed: [] };
    const change = machine === recorded.machine ? undefined : pending;
    const facts = { ...later, process: { ...later.process, change } };
    expect(decideValidated(facts).status.launch?.number).toBe(number);
  });

  test('nothing is known while EC2 does not show it', () => {
    expect(decideAt(found({ imageID: undefined })).status.launch?.found).toBeUndefined();
  });

  test('a Spot instance is ended by Stopped, as it can’t stop', () => {
    const facts = found({ capacityType: 'Spot' }, { own: { operatingMode: 'Stopped' } });
    const { status } = written(facts);
    expect(status.launch).toMatchObject({ number: 2, phase: 'Closed' });
  });
});

test('what was found of another launch says nothing', () => {
  const launch = launchOf({
    number: 2,
    instanceID: 'i-2',
    machine: digest(),
    found: { launch: 1, imageID: 'ami-0' },
  });
  const desired = { ...desiredOf(1, 'a'), machine: digest() };
  const specs = { ...AUTOMATIC, images: newest('ami-1') };
  const facts = factsOf({ status: statusOf({ launch, desired }) });
  expect(underSpecs(facts as Facts, specs).machine).toBe(digest());
});
