import { EC2Client, RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { RunInput } from '../../dev/ec2/base/model.ts';
import { createParams } from '../../dev/ec2/base/params.ts';
import { decodeRun } from '../../dev/ec2/wire/wireRun.ts';
import type { RunRequest } from '../../src/ec2/calls/port.ts';
import type { runInstancesInput } from '../../src/ec2/launch/runInput.ts';

// Everything is given, so that the SDK looks for nothing in files: a wait for those would be a wait in real time.
const client = new EC2Client({
  region: 'eu-sim-1',
  endpoint: 'http://127.0.0.1:1',
  credentials: { accessKeyId: 'id', secretAccessKey: 'key' },
});

/** The body of RunInstances as the SDK puts it on the wire. */
export async function requestBody(input: RunInstancesCommandInput): Promise<string> {
  let body: unknown;
  const command = new RunInstancesCommand(input);
  command.middlewareStack.add(
    () => (args) => {
      ({ body } = args.request as { body?: unknown });
      return Promise.resolve({ output: { $metadata: {} }, response: {} });
    },
    { step: 'build', name: 'sendNothing', priority: 'low' },
  );
  await client.send(command);
  if (typeof body !== 'string') throw new Error('the SDK made no body');
  return body;
}

/** What the cloud takes a request for that this release renders. */
export function renderedBy({ runInstancesInput: render }: { runInstancesInput: typeof runInstancesInput }) {
  return async (request: RunRequest): Promise<RunInput> => readBody(await requestBody(render(request)));
}

/** What the cloud takes a body for; it refuses a parameter that it does not know. */
export function readBody(body: string): RunInput {
  const form = new URLSearchParams(body);
  form.delete('Action');
  form.delete('Version');
  const params = createParams(form);
  const input = decodeRun(params);
  params.finish();
  return input;
}
