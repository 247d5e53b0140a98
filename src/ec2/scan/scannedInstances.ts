import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../controller/lib/clock.ts';
import { CODE, ec2Failure } from '../calls/errors.ts';
import { toInstance } from '../calls/instance.ts';
import type { Instance, Page } from '../calls/port.ts';
import { createInstancePage } from './instancePage.ts';
import { XmlError } from './xmlReader.ts';

/** Bytes that are read in one turn of the event loop: a millisecond's work, or two. */
const BYTES_A_TURN = 262_144;
const ACTION = 'DescribeInstances';

/**
 * The instances of an answer's body, as it comes in.
 * @throws Ec2Failure (ambiguous) for a body that is no whole answer; else as the body does
 */
export async function scanInstances(
  body: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, 'nextTurn'>,
): Promise<Page<Instance>> {
  const items: Instance[] = [];
  const page = createInstancePage((instance) => items.push(toInstance(ACTION, instance)));
  const decoder = new StringDecoder('utf8');
  let bytes = 0;
  try {
    for await (const chunk of body) {
      page.write(decoder.write(chunk));
      bytes += chunk.length;
      if (bytes < BYTES_A_TURN) continue;
      bytes = 0;
      await new Promise<void>(clock.nextTurn);
    }
    page.write(decoder.end());
    const { nextToken } = page.end();
    return nextToken === undefined ? { items } : { items, nextToken };
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw ec2Failure({ class: 'ambiguous', code: CODE.badAnswer, action: ACTION, detail: error.message });
  }
}
