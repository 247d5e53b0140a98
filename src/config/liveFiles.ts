import type { Logger } from 'pino';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../controller/lib/clock.ts';
import { startAtZero } from '../controller/serve/zero.ts';
import { createRepeater } from '../ec2/observe/repeater.ts';
import type { Config } from './config.ts';
import {
  type ConfigFiles,
  FILE_KINDS,
  FILE_READERS,
  FILE_SETTINGS,
  type FileKind,
  notAfterMs,
} from './configFiles.ts';
import { settingAt } from './settings.ts';

/** Far less than the minute or so that the kubelet takes to bring a changed Secret into a Pod, ms. */
const LOOK_MS = 10_000;

/** The outcome for a file that changed. */
export interface FileNews {
  kind: FileKind;
  /** Its flag. */
  setting: string;
  /** Why it is not used, without content; undefined once it is. */
  fault?: string;
}

/** The files as they are now. The last good version of a file stays in use while the present one is bad. */
export interface LiveFiles extends ConfigFiles {
  onNews(listener: (news: FileNews) => void): void;
  /** Looks now. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveFilesOptions {
  config: Pick<Config, 'gateway'>;
  clock: Clock;
  logger: Logger;
  registry: Registry;
}

function flagOf(kind: FileKind): string {
  return settingAt(FILE_SETTINGS[kind]).flag;
}

export function createFileMetrics(registry: Registry) {
  const registers = [registry];
  return {
    notAfter: new Gauge({
      name: 'gateway_tls_not_after_seconds',
      help: 'When the certificate that the gateway shows expires, in Unix seconds',
      registers,
    }),
    reloads: startAtZero(
      new Counter({
        name: 'config_file_reloads_total',
        help: 'Files that settings name which changed, by whether they are used (loaded) or not (refused)',
        labelNames: ['setting', 'outcome'] as const,
        registers,
      }),
      FILE_KINDS.map(flagOf).flatMap((setting) => [
        { setting, outcome: 'loaded' },
        { setting, outcome: 'refused' },
      ]),
    ),
    refused: new Gauge({
      name: 'config_file_refused',
      help: '1 while a file that a setting names can’t be used and the one before it is',
      labelNames: ['setting'] as const,
      registers,
    }),
  };
}

/**
 * Reads the files again every ten seconds: the kubelet swaps a symlink when a Secret or ConfigMap changes, and not every
 * file system reports that. Rejects with a ConfigError when one can't be used at the start.
 */
export async function followConfigFiles(options: LiveFilesOptions): Promise<LiveFiles> {
  const { config, clock, registry } = options;
  const logger = options.logger.child({ component: 'files' });
  const metrics = createFileMetrics(registry);
  const listeners: ((news: FileNews) => void)[] = [];
  const faults = new Map<FileKind, string>();
  // An expired certificate does not stop a controller: the first look below reports it.
  const atAnyTime = Number.NEGATIVE_INFINITY;
  const current: { -readonly [Kind in FileKind]: ConfigFiles[Kind] } = {
    tls: await FILE_READERS.tls(config, atAnyTime),
    caBundle: await FILE_READERS.caBundle(config, atAnyTime),
    identityCertificates: await FILE_READERS.identityCertificates(config, atAnyTime),
  };
  for (const kind of FILE_KINDS) metrics.refused.set({ setting: flagOf(kind) }, 0);
  showExpiry();

  function showExpiry(): void {
    if (current.tls) metrics.notAfter.set(notAfterMs(current.tls.cert) / 1000);
  }

  async function lookAt<Kind extends FileKind>(kind: Kind): Promise<void> {
    let found: ConfigFiles[Kind];
    try {
      found = await readTwice(kind);
    } catch (error) {
      return refuse(kind, error instanceof Error ? error.message : 'the file can not be read');
    }
    const isBack = faults.delete(kind);
    metrics.refused.set({ setting: flagOf(kind) }, 0);
    if (JSON.stringify(found) === JSON.stringify(current[kind])) {
      if (isBack) logger.info({ event: 'file.back', setting: flagOf(kind) }, 'the file is as it was');
      return;
    }
    current[kind] = found;
    showExpiry();
    metrics.reloads.inc({ setting: flagOf(kind), outcome: 'loaded' });
    logger.info({ event: 'file.loaded', setting: flagOf(kind) }, 'a file changed and is used');
    publish({ kind, setting: flagOf(kind) });
  }

  /** A look between the two files of a pair finds halves that don't fit, once. */
  async function readTwice<Kind extends FileKind>(kind: Kind): Promise<ConfigFiles[Kind]> {
    const read = FILE_READERS[kind];
    try {
      return await read(config, clock.now());
    } catch {
      return await read(config, clock.now());
    }
  }

  function refuse(kind: FileKind, fault: string): void {
    metrics.refused.set({ setting: flagOf(kind) }, 1);
    if (faults.get(kind) === fault) return;
    faults.set(kind, fault);
    metrics.reloads.inc({ setting: flagOf(kind), outcome: 'refused' });
    logger.error(
      { event: 'file.refused', setting: flagOf(kind), fault },
      'a file changed and can not be used; the one before it stays in use',
    );
    publish({ kind, setting: flagOf(kind), fault });
  }

  function publish(news: FileNews): void {
    for (const listener of listeners) listener(news);
  }

  const repeater = createRepeater({
    clock,
    task: async () => {
      for (const kind of FILE_KINDS) await lookAt(kind);
    },
    onError: (error) => logger.error({ err: error }, 'files not looked at; again later'),
    pauseMs: () => LOOK_MS,
  });
  repeater.start();
  return {
    get tls() {
      return current.tls;
    },
    get caBundle() {
      return current.caBundle;
    },
    get identityCertificates() {
      return current.identityCertificates;
    },
    onNews: (listener) => void listeners.push(listener),
    look: repeater.runNow,
    stop: repeater.stop,
  };
}
