import type { Differences } from './support/differences.ts';

const UNCHECKED = 'launched all the same';
const DRY = { instead: 'a dry run looks at nothing', shows: "expected 'dryRunOK DryRunOperation' to be" };
const LOOKED_UP = (shows: string) => ({ instead: 'any text is looked up as an id', shows });
const NO_TOKENS = 'tokens are ignored';
const AT_ONCE = 'states pass at once';

/** How moto 5.2.5 is not like AWS; see contract(). An image, a type and a token are words to it. */
export const LAUNCH: Differences = {
  'an instance is pending before it runs': { instead: AT_ONCE, shows: "expected 'running' to be 'pending'" },
  'the same token and parameters are the same instance': { instead: NO_TOKENS, shows: "expected 'i-" },
  'the same token with other parameters is a mismatch, and launches nothing': {
    instead: NO_TOKENS,
    shows: "expected 'answered' to be 'mismatch",
  },
  'a token that a refusal used is free': {
    instead: 'there is no refusal: an image that does not exist is launched',
    shows: "expected 'answered' to be 'userFix InvalidAMIID.NotFound'",
  },
  'the token of an ended instance launches no other': { instead: NO_TOKENS, shows: 'to include' },
  'an image that does not exist is the caller’s to fix: InvalidAMIID.NotFound': {
    instead: UNCHECKED,
    shows: "expected 'answered' to be",
  },
  'an image id that is none is the caller’s to fix: InvalidAMIID.Malformed': {
    instead: UNCHECKED,
    shows: "expected 'answered' to be",
  },
  'an instance type that is none is the caller’s to fix: InvalidParameterValue': {
    instead: UNCHECKED,
    shows: "expected 'answered' to be",
  },
  'an instance profile that does not exist is the caller’s to fix: InvalidParameterValue': {
    instead: 'the answer is IAM’s',
    shows: "expected 'ambiguous NoSuchEntity' to be",
  },
  'an image that does not exist is refused by a dry run too': DRY,
  'an image id that is none is refused by a dry run too': DRY,
  'a subnet that does not exist is refused by a dry run too': DRY,
  'a security group that does not exist is refused by a dry run too': DRY,
  'an instance type that is none is refused by a dry run too': DRY,
  'an instance profile that does not exist is refused by a dry run too': {
    instead: 'the answer is IAM’s',
    shows: "expected 'ambiguous NoSuchEntity' to be",
  },
  'a tag key that comes twice is refused': {
    instead: 'the last one wins',
    shows: "expected 'answered' to be",
  },
  'user data of more than 16 KiB is refused': { instead: UNCHECKED, shows: "expected 'answered' to be" },
};

export const POWER: Differences = {
  'what runs is terminated, and shown for a while: with its tags, without an address': {
    instead: 'the ended keep their address',
    shows: 'to not have property "privateIP"',
  },
  'an instance shuts down before it is terminated': {
    instead: AT_ONCE,
    shows: "expected 'terminated' to be 'shutting-down'",
  },
  'an instance is stopping before it is stopped': {
    instead: AT_ONCE,
    shows: "expected 'stopped' to be 'stopping'",
  },
  'an instance is pending before it runs again': {
    instead: AT_ONCE,
    shows: "expected 'running' to be 'pending'",
  },
  'terminateInstances of an id that is none is malformed': LOOKED_UP("expected 'gone InvalidInstanceID"),
  'stopInstances of an id that is none is malformed': LOOKED_UP("expected 'gone InvalidInstanceID"),
  'startInstances of an id that is none is malformed': LOOKED_UP("expected 'gone InvalidInstanceID"),
  'stopInstances of what has ended is a wrong state': {
    instead: 'the ended stop',
    shows: "expected 'answered' to match",
  },
  'startInstances of what has ended is a wrong state': {
    instead: 'the ended rise again',
    shows: "expected 'answered' to match",
  },
  'a one-time Spot instance can not be stopped': {
    instead: 'Spot is On-Demand',
    shows: "expected 'answered' to be",
  },
};

export const INSTANCES: Differences = {
  'the filter by token finds the launch': { instead: 'it has no such filter', shows: 'HTTP500' },
  'a filter that is none is refused': {
    instead: 'it breaks',
    shows: "expected 'ambiguous HTTP500' to be",
  },
  'more than 200 values of filters are refused': {
    instead: 'there is no limit',
    shows: "expected 'answered' to be",
  },
  'a token that nobody gave is refused': {
    instead: 'it breaks',
    shows: "expected 'ambiguous HTTP500' to be",
  },
  'an id that is none is malformed': LOOKED_UP("expected 'gone InvalidInstanceID.NotFound' to be"),
};

export const STATUS: Differences = {
  'of what runs and is well, no check is impaired': {
    instead: 'filters by status are ignored',
    shows: 'to deeply equal { items: [] }',
  },
  'checks initialize after a start, then are ok': {
    instead: 'checks are ok at once',
    shows: 'to deeply equal { id:',
  },
  'it has no filter by tag': { instead: 'unknown filters are ignored', shows: "expected 'answered' to be" },
  'its pages are no longer than asked for': {
    instead: 'there is one page',
    shows: 'to have a length of 5 but got',
  },
};

export const ACCOUNT: Differences = {
  'an instance takes an address of its subnet, and gives it back': {
    instead: 'what ended gives none back',
    shows: 'expected 40',
  },
  'an image that does not exist is NotFound': {
    instead: 'it is left out where another exists',
    shows: "expected 'answered' to be",
  },
  'the console of an instance that has just been launched is empty': {
    instead: 'it is always the same, of another machine',
    shows: "expected 'Linux version",
  },
};
