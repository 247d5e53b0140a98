import { spawn } from 'node:child_process';

/** The user's own kubectl, with the flags that were given: contexts, exec credentials, proxies and `--as` work as they do there. */
export interface Kubectl {
  /** Its output. @throws KubectlError when it ends otherwise than with 0 */
  read(args: readonly string[]): Promise<string>;
  /** One object, or a list of them. @throws KubectlError */
  get<T>(args: readonly string[]): Promise<T>;
}

/** kubectl failed; the message is its own. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

/** @param flags what is added to each call, such as `--context=prod` */
export function createKubectl(flags: readonly string[]): Kubectl {
  function read(args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn('kubectl', [...args, ...flags], { stdio: ['inherit', 'pipe', 'pipe'] });
      let [output, said] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      child.once('error', (error) => reject(new KubectlError(`kubectl can't be started: ${error.message}`)));
      child.once('close', (code, signal) => {
        if (code === 0) resolve(output);
        else reject(new KubectlError(said.trim() || `kubectl ended with ${signal ?? code}`));
      });
    });
  }
  return {
    read,
    get: async <T>(args: readonly string[]) => JSON.parse(await read([...args, '--output=json'])) as T,
  };
}
