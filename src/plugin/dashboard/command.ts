import { InvalidArgumentError } from 'commander';
import { again, type Cli, EXIT, type Flags, flagsOf, kubectlFor } from '../base/cli.ts';
import type { Kubectl } from '../base/kubectl.ts';
import { readAssets } from './assets.ts';
import { openInBrowser } from './browser.ts';
import { followFleet } from './fleet.ts';
import { serveDashboard } from './server.ts';
import { kubectlSource } from './source.ts';

interface DashboardFlags extends Flags {
  port: number;
  open?: boolean;
}

const LARGEST_PORT = 65_535;

/** `kubectl workspace dashboard` */
export function addDashboard({ clock, random, terminal, command, end }: Cli): void {
  command('dashboard', 'Serves a page that shows all Workspaces as they change, on 127.0.0.1')
    .option('-A, --all-namespaces')
    .option('--port <number>', 'where; 0 for any free one', portOf, 0)
    .option('--open', 'opens it in your browser')
    .action(async (flags: DashboardFlags) => {
      const kubectl = kubectlFor(flags);
      const namespace = flags.allNamespaces ? '' : (flags.namespace ?? (await presentNamespace(kubectl)));
      const source = kubectlSource(kubectl, flagsOf(flags));
      const fleet = followFleet({ source, clock, namespace, flags: again(flags) });
      try {
        const server = await serveDashboard({
          fleet,
          assets: await readAssets(),
          clock,
          random,
          port: flags.port,
        });
        terminal.write(`${server.url}\n`);
        terminal.tell('Who has this address sees what you may see. Ctrl-C ends it.\n');
        if (flags.open) openInBrowser(server.url);
        await interrupted();
        await server.stop();
        end(EXIT.interrupted);
      } finally {
        await fleet.stop();
      }
    });
}

/** That of the context, as kubectl itself takes it. */
async function presentNamespace(kubectl: Kubectl): Promise<string> {
  const named = await kubectl.read(['config', 'view', '--minify', '--output=jsonpath={..namespace}']);
  return named.trim() || 'default';
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= LARGEST_PORT) return port;
  throw new InvalidArgumentError('give a port, 0 to 65535');
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
