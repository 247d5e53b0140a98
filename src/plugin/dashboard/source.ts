import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Kubectl, KubectlError } from '../base/kubectl.ts';

/** The API server as the page's server reads it: by GET alone. */
export interface Source {
  /** @param path such as `/api/v1/events?limit=1` */
  get(path: string): Promise<unknown>;
  /** The JSON values of an answer that goes on, a line each, until it ends or the signal aborts. */
  watch(path: string, signal: AbortSignal): AsyncIterable<unknown>;
}

/** By the user's own kubectl, so with the user's rights. Both reject with a KubectlError. */
export function kubectlSource(kubectl: Kubectl, flags: readonly string[]): Source {
  return {
    get: async (path) => JSON.parse(await kubectl.read(['get', '--raw', path])) as unknown,
    async *watch(path, signal) {
      const child = spawn('kubectl', ['get', '--raw', path, ...flags], {
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
        killSignal: 'SIGTERM',
      });
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-MOST_SAID);
      });
      const ended = new Promise<string | undefined>((resolve) => {
        child.once('error', (error) => resolve(error.message));
        child.once('close', (code) =>
          resolve(code === 0 ? undefined : said.trim() || `kubectl ended with ${code}`),
        );
      });
      try {
        for await (const line of createInterface({
          input: child.stdout,
          crlfDelay: Number.POSITIVE_INFINITY,
        }))
          if (line !== '') yield JSON.parse(line) as unknown;
        const failure = await ended;
        if (failure !== undefined && !signal.aborted) throw new KubectlError(failure);
      } finally {
        child.kill('SIGTERM');
      }
    },
  };
}

const MOST_SAID = 4_096;
