import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The address of the nodes: one for both, as they share a network. */
export const NODE_IP = '10.123.0.1';
export const SERVICES = '10.96.0.0/24';
/** What the cloud gives the gateway's Service. */
export const BALANCER_IP = '10.125.0.10';
export const API_PORT = 6443;

/** Runs a program of the machine to its end. Rejects with what it wrote. */
export async function run(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 25 });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')} failed: ${stdout}${stderr}`, { cause: error });
  }
}
