import { renderStub1 } from './stub1.ts';
import { renderStub2 } from './stub2.ts';
import type { StubInput } from './stubText.ts';

/** EC2's limit on user data, in bytes before it is encoded ("Run commands when you launch an EC2 instance with user data input"). */
export const MAX_USER_DATA_BYTES = 16_384;

/** Every boot stub that a launch on record may have been armed with. */
const STUBS = { 1: renderStub1, 2: renderStub2 } as const satisfies Record<
  number,
  (input: StubInput) => string
>;
type StubVersion = keyof typeof STUBS;

/** What new launches are armed with. */
export const PRESENT_STUB: StubVersion = 2;

export interface UserDataInput extends StubInput {
  /** Version of the boot stub. A launch is replayed with the version it was armed with. */
  stub: StubVersion;
}

/** Whether this release has the stub with this number; a later one may have more. */
export function isStub(version: number): version is StubVersion {
  return Object.hasOwn(STUBS, version);
}

/** Whether user data of this version names the agent that runs. */
export function needsAgentDigest(stub: StubVersion): boolean {
  return stub > 1;
}

/** What a launch was armed with is not on record any more, so its user data can't be rendered as it was. */
export class UserDataForgotten extends Error {
  override name = 'UserDataForgotten';
}

/** The user data can't be sent; the message says what to shorten. */
export class UserDataTooLarge extends Error {
  override name = 'UserDataTooLarge';
}

/**
 * The user data of a launch: the same input gives the same bytes, in this release and in every later one.
 * It holds the ticket, and nothing else that is secret. Throws UserDataTooLarge above EC2's limit.
 */
export function renderUserData(input: UserDataInput): string {
  const text = STUBS[input.stub](input);
  const excess = Buffer.byteLength(text) - MAX_USER_DATA_BYTES;
  if (excess > 0) {
    throw new UserDataTooLarge(
      `the user data would be ${MAX_USER_DATA_BYTES + excess} bytes, ${excess} more than EC2 takes: ` +
        `shorten spec.userData of the WorkspaceClass (${Buffer.byteLength(input.classScript ?? '')} bytes) ` +
        `or the gateway's CA bundle (${Buffer.byteLength(input.caBundle ?? '')} bytes)`,
    );
  }
  return text;
}
