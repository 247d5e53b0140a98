import { Readable } from 'node:stream';
import { DescribeInstancesCommand, type DescribeInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Clock } from '../../controller/lib/clock.ts';
import { CODE, ec2Failure } from '../calls/errors.ts';
import type { Instance, Page } from '../calls/port.ts';
import { scanInstances } from './scannedInstances.ts';

/** The empty answer that the SDK's own parser reads instead. */
const READ_ALREADY = Buffer.from('<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>');

/** As much of an HTTP answer as is read here. */
interface Answer {
  statusCode: number;
  body?: unknown;
}

/**
 * DescribeInstances whose answer is read as it comes in, without the tree that the SDK makes of it: signing, connections, retries
 * and errors are the SDK's. `page` is there once the command was sent.
 */
export function scannedDescribeInstances(
  input: DescribeInstancesCommandInput,
  abortSignal: AbortSignal,
  clock: Pick<Clock, 'nextTurn'>,
): { command: DescribeInstancesCommand; page: () => Page<Instance> } {
  const command = new DescribeInstancesCommand(input);
  let page: Page<Instance> | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as Answer;
      if (response.statusCode >= 300 || !(response.body instanceof Readable)) return result;
      const { body } = response;
      const give = () => body.destroy();
      abortSignal.addEventListener('abort', give, { once: true });
      try {
        page = await scanInstances(body, clock);
      } finally {
        abortSignal.removeEventListener('abort', give);
      }
      response.body = READ_ALREADY;
      return result;
    },
    // Nearest to the connection: the deserializer finds the body as it is left here.
    { step: 'deserialize', priority: 'low', name: 'scanInstances' },
  );
  return {
    command,
    page() {
      // Never return an empty page for an unread one: it would look like an account without instances.
      if (!page)
        throw ec2Failure({
          class: 'ambiguous',
          code: CODE.badAnswer,
          action: 'DescribeInstances',
          detail: 'the answer is no stream',
        });
      return page;
    },
  };
}
