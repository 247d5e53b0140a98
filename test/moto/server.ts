import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface MotoServer {
  url: string;
  stop(): Promise<void>;
}

/** Starts moto on a free port of loopback. It ends with this process, however that ends. */
export async function startMoto(python: string): Promise<MotoServer> {
  const child = spawn(python, [join(import.meta.dirname, 'serve.py')], {
    // It must see neither this machine's AWS account nor its proxies.
    env: { PATH: process.env.PATH, AWS_DEFAULT_REGION: 'eu-central-1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-4_000);
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, 'line'), ended]);
  const port = Number(said[0]);
  if (typeof said[0] !== 'string' || !Number.isInteger(port))
    throw new Error(`moto did not start: it ended with ${said[0]}\n${words}`);
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
