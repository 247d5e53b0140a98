import { spawn } from 'node:child_process';

export const WORKSPACES = 'workspaces.compute.molecule.ai';
export const CLASSES = 'workspaceclasses.compute.molecule.ai';

/** How a call of kubectl ended. */
export interface Ended {
  /** 128 or more for a signal, as a shell counts. */
  code: number;
  stdout: string;
  stderr: string;
}

/** One call of kubectl. @throws KubectlError when it can't be started */
export type Run = (args: readonly string[], input?: string) => Promise<Ended>;

/** The user's own kubectl, with the flags that were given: contexts, exec credentials, proxies and `--as` work as they do there. */
export interface Kubectl {
  /** Ends with any code. */
  run: Run;
  /** Its output. @throws KubectlError when it ends otherwise than with 0 */
  read(args: readonly string[], input?: string): Promise<string>;
  /** One object, or a list of them. @throws KubectlError */
  get<T>(args: readonly string[]): Promise<T>;
}

/** kubectl failed; the message is its own. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

/** There is nothing to do that with; the message says why and what next. */
export class CannotError extends Error {
  override readonly name = 'CannotError';
}

const SIGNALLED = 128;

/** @param flags what is added to each call, such as `--context=prod` */
export function createKubectl(flags: readonly string[]): Kubectl {
  return kubectlBy(
    (args, input) =>
      new Promise((resolve, reject) => {
        // What follows `--` is another program's.
        const end = args.includes('--') ? args.indexOf('--') : args.length;
        const line = [...args.slice(0, end), ...flags, ...args.slice(end)];
        const child = spawn('kubectl', line, {
          stdio: [input === undefined ? 'inherit' : 'pipe', 'pipe', 'pipe'],
        });
        let [stdout, stderr] = ['', ''];
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
          stdout += text;
        });
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        // One that ends before it has read everything says why.
        child.stdin?.on('error', () => undefined).end(input);
        child.once('error', (error) =>
          reject(new KubectlError(`kubectl can't be started: ${error.message}`)),
        );
        child.once('close', (code) => resolve({ code: code ?? SIGNALLED, stdout, stderr }));
      }),
  );
}

export function kubectlBy(run: Run): Kubectl {
  async function read(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await run(args, input);
    if (code !== 0) throw new KubectlError(stderr.trim() || `kubectl ended with ${code}`);
    return stdout;
  }
  return {
    run,
    read,
    get: async <T>(args: readonly string[]) => JSON.parse(await read([...args, '--output=json'])) as T,
  };
}
