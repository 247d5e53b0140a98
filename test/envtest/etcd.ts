import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../../dev/ports.ts';
import { answers, argumentsOf, type RunningProgram, startProgram } from './program.ts';

export interface Etcd extends RunningProgram {
  url: string;
}

/** Starts an etcd on loopback that keeps its data in a folder. */
export async function startEtcd(binary: string, folder: string): Promise<Etcd> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': 'http://127.0.0.1:0',
    'log-level': 'warn',
    // What a test wrote need not survive a power cut.
    'unsafe-no-fsync': 'true',
  };
  const isReady = answers(`${url}/health`, (target) => request(target, { headersTimeout: 2_000 }));
  const program = await startProgram({ binary, args: argumentsOf(flags), isReady });
  return { url, ...program };
}
