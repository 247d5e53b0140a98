import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { z } from 'zod';

/** One request of the AWS CLI: an action and its parameters, as sent. */
interface AskedOfAWS {
  action: string;
  parameters: Readonly<Record<string, string>>;
}

export const ROLE_ARN = 'arn:aws:iam::111122223333:role/made-by-the-stack';
const STACK_ID = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/any/1';
const CHANGE_SET_ID = 'arn:aws:cloudformation:eu-central-1:111122223333:changeSet/any/1';
const RESULTS: Readonly<Record<string, string>> = {
  CreateChangeSet: `<Id>${CHANGE_SET_ID}</Id><StackId>${STACK_ID}</StackId>`,
  DescribeChangeSet: `<ChangeSetId>${CHANGE_SET_ID}</ChangeSetId><Status>CREATE_COMPLETE</Status><Changes/>`,
  ExecuteChangeSet: '',
  GetTemplateSummary: '<Parameters/>',
};
const template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.looseObject({}).optional() })),
  Outputs: z.record(z.string(), z.unknown()).optional(),
});

/** A stack that is there, with an output of each of these names. */
function stack(outputs: readonly string[]): string {
  const members = outputs.map(
    (name) => `<member><OutputKey>${name}</OutputKey><OutputValue>${ROLE_ARN}</OutputValue></member>`,
  );
  return `<Stacks><member><StackName>any</StackName><StackId>${STACK_ID}</StackId><CreationTime>2026-01-01T00:00:00Z</CreationTime>
    <StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs></member></Stacks>`;
}

/** What CloudFormation needs to know before it makes IAM resources, and those whose names are chosen. */
function capabilityFor({ Resources }: z.output<typeof template>): string | undefined {
  const iam = Object.values(Resources).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
  if (iam.length === 0) return undefined;
  const named = /^(Role|InstanceProfile|ManagedPolicy|User|Group)Name$/;
  const isNamed = iam.some(({ Properties = {} }) => Object.keys(Properties).some((key) => named.test(key)));
  return isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
}

/** What the AWS CLI is answered. That each request is well formed is the CLI's own judgement: it knows AWS's models. */
export async function startAWSAnswers() {
  const asked: AskedOfAWS[] = [];
  /** Of each stack, the names of its outputs. */
  const stacks = new Map<string, string[]>();
  const server = createServer((message, response) => {
    answer(message).then(
      (body) => response.end(body),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });

  async function answer(message: IncomingMessage): Promise<string> {
    const { method, url = '' } = message;
    const sent = await text(message);
    if (url.startsWith('/clusters/')) {
      asked.push({ action: `${method} ${url}`, parameters: sent === '' ? {} : JSON.parse(sent) });
      return JSON.stringify({
        cluster: { arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/any' },
        association: {},
      });
    }
    const { Action: action = '', ...parameters } = Object.fromEntries(new URLSearchParams(sent));
    asked.push({ action, parameters });
    if (action === 'CreateTags') return '<CreateTagsResponse><return>true</return></CreateTagsResponse>';
    const { StackName: name = '' } = parameters;
    if (action === 'CreateChangeSet') {
      const described = template.parse(parse(parameters.TemplateBody ?? '', { logLevel: 'silent' }));
      const capability = capabilityFor(described);
      if (capability !== undefined && !Object.values(parameters).includes(capability))
        throw new Error(`InsufficientCapabilities: ${name} needs ${capability}`);
      stacks.set(name, Object.keys(described.Outputs ?? {}));
    }
    const result = action === 'DescribeStacks' ? stack(stacks.get(name) ?? []) : RESULTS[action];
    if (result === undefined) throw new Error(`nothing answers ${action}`);
    return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked: asked as readonly AskedOfAWS[],
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
