import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { RequestVersion } from '../../api/kinds/launchParams.ts';
import type { RunRequest } from '../calls/port.ts';
import { renderRequest1 } from './request1.ts';
import { renderRequest2 } from './request2.ts';

type Render = (request: RunRequest) => RunInstancesCommandInput;

/** Every version that a launch on record may have been armed with. */
const RENDERINGS: Readonly<Record<RequestVersion, Render>> = { 1: renderRequest1, 2: renderRequest2 };

/**
 * The whole RunInstances input, a pure function of what is persisted: a replay must be byte-equal, or EC2 answers
 * IdempotentParameterMismatch. A new default is a new version, which the next launch is the first to have.
 */
export function runInstancesInput(request: RunRequest): RunInstancesCommandInput {
  return RENDERINGS[request.version](request);
}
