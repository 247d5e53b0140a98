import { describe, expect, it } from 'vitest';
import { ConfigError, type Invocation, need, parseCommandLine } from '../../src/config/commandLine.ts';
import { describeConfig, SETTINGS } from '../../src/config/settings.ts';

const PASSWORD = 'correct-horse-battery-staple';
const env = {
  AWS_REGION: 'eu-central-1',
  DATABASE_URL: `postgres://workspace:${PASSWORD}@db.example:5432/workspace?sslmode=verify-full`,
  WORKSPACE_GATEWAY_URL: 'https://gateway.example:8443',
  WORKSPACE_GATEWAY_IDENTITY_CERTIFICATES_FILE: '/etc/workspace/ec2.pem',
};

function configured(args: string[] = [], more: Record<string, string | undefined> = {}) {
  return run(args, { ...env, ...more });
}

function run(args: string[], environment: Record<string, string | undefined>) {
  const invocation: Invocation = parseCommandLine(args, environment);
  if ('help' in invocation) throw new Error('help was asked for');
  return invocation;
}

function faults(args: string[], more: Record<string, string | undefined> = {}): string {
  try {
    configured(args, more);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('the configuration', () => {
  it('has a default for everything but what names a place', () => {
    const { role, config } = configured();
    expect(role).toBe('all');
    expect(config.gateway.listenPort).toBe(8443);
    expect(config.timing.lateMs).toBe(120_000);
    expect(config.kubernetes.kubeconfig).toBeUndefined();
  });

  it('is frozen through and through', () => {
    const { config } = configured();
    expect([config, ...Object.values(config)].every((group) => Object.isFrozen(group))).toBe(true);
  });

  it('takes every setting from its flag and from its environment name, and the flag wins', () => {
    for (const { path, flag, env: name, default: value, values } of SETTINGS) {
      if (!values.startsWith('a whole number')) continue;
      const [group = '', key = ''] = path.split('.');
      const read = (args: string[], more: Record<string, string>) =>
        Object(Object(configured(args, more).config)[group])[key];
      const number = Number(value);
      expect(read([], { [name]: String(number + 1) }), name).toBe(number + 1);
      expect(read([`${flag}=${number + 2}`], { [name]: String(number + 1) }), flag).toBe(number + 2);
    }
  });

  it('names each setting once', () => {
    for (const names of [SETTINGS.map(({ flag }) => flag), SETTINGS.map((setting) => setting.env)]) {
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('is not confused by the variables that Kubernetes sets for a Service', () => {
    const injected = SETTINGS.filter((setting) => /_PORT(_\d+_TCP.*)?$|_SERVICE_HOST$/.test(setting.env));
    expect(injected.map((setting) => setting.env).filter((name) => !name.endsWith('_LISTEN_PORT'))).toEqual(
      [],
    );
  });

  it('counts an empty variable as none', () => {
    expect(configured([], { KUBECONFIG: '', WORKSPACE_LOG_LEVEL: '' }).config.observability.logLevel).toBe(
      'info',
    );
  });

  it.each([
    [['controller'], 'controller'],
    [['gateway', '--log-level', 'debug'], 'gateway'],
    [['--log-level', 'debug', 'gateway'], 'gateway'],
  ])('%j is the part alone', (args, role) => {
    const invocation = configured(args);
    expect(invocation.role).toBe(role);
    expect(invocation.config.observability.logLevel).toBe(args.length > 1 ? 'debug' : 'info');
  });

  it('asks of each part only what that part needs', () => {
    const { AWS_REGION, DATABASE_URL, WORKSPACE_GATEWAY_URL } = env;
    const certificates = { WORKSPACE_GATEWAY_IDENTITY_CERTIFICATES_FILE: '/ec2.pem', DATABASE_URL };
    expect(run(['gateway'], certificates).role).toBe('gateway');
    expect(run(['controller'], { AWS_REGION, DATABASE_URL, WORKSPACE_GATEWAY_URL }).role).toBe('controller');
    expect(() => run([], certificates)).toThrow(
      /--aws-region \(AWS_REGION\) is not set; set it: .*\n.*--gateway-url/,
    );
  });

  it.each<[string[], Record<string, string>, RegExp]>([
    [
      ['--gateway-listen-port', '70000'],
      {},
      /^--gateway-listen-port \(WORKSPACE_GATEWAY_LISTEN_PORT\) is "70000": .*65535/,
    ],
    [
      [],
      { WORKSPACE_CONTROLLER_WORKERS: 'many' },
      /^WORKSPACE_CONTROLLER_WORKERS \(--controller-workers\) is "many": is not a whole number; give a whole number from 1/,
    ],
    [[], { WORKSPACE_TIMING_LATE_MS: '1e9' }, /is "1e9": is not a whole number/],
    [['--log-level', 'loud'], {}, /"loud": .*give fatal, error, warn/],
    [['--gateway-url', 'http://gateway.example'], {}, /is not https, and secrets travel there/],
    [['--gateway-url', 'ftp://gateway.example'], {}, /is not an http/],
    [['--aws-ec2-endpoint', 'nowhere'], {}, /give a URL/],
    [['--timing-late-ms', '10000'], {}, /^--timing-late-ms .* must be more than --aws-timeout-ms/],
    [
      ['--controller-lease-renew-deadline-ms', '15000'],
      {},
      /must be less than --controller-lease-duration-ms/,
    ],
    [
      ['--controller-lease-retry-period-ms', '10000'],
      {},
      /must be less than --controller-lease-renew-deadline-ms/,
    ],
    [['--timing-repair-backoff-max-ms', '1'], {}, /^--timing-repair-backoff-min-ms .*lower it/],
    [['--timing-replay-backoff-max-ms', '1'], {}, /^--timing-replay-backoff-min-ms .*lower it/],
    [['--gateway-tls-cert-file', 'a.pem'], {}, /^--gateway-tls-key-file .*both or neither/],
    [['--frobnicate'], {}, /^unknown option '--frobnicate'; see --help/],
    [['serve'], {}, /see --help/],
    [['--log-level'], {}, /argument missing; see --help/],
  ])('%j %j is refused by name, with the next step', (args, more, expected) => {
    expect(faults(args, more)).toMatch(expected);
  });

  it('reports all faults at once', () => {
    expect(faults(['--log-level', 'loud'], { WORKSPACE_CONTROLLER_WORKERS: '0' }).split('\n')).toHaveLength(
      2,
    );
  });

  it.each(['http://127.0.0.1:8443', 'http://localhost:1', 'http://[::1]:1'])(
    'lets loopback do without TLS: %s',
    (url) => {
      expect(configured(['--gateway-url', url]).config.gateway.url).toBe(url);
    },
  );

  it('needs what it was not given only when that is asked for', () => {
    expect(need('x', 'aws.region')).toBe('x');
    expect(() => need(undefined, 'aws.region')).toThrow(/^--aws-region \(AWS_REGION\) is not set/);
  });
});

describe('a database beyond this machine', () => {
  const url = (host: string, query = '') => ({ DATABASE_URL: `postgres://u:${PASSWORD}@${host}/db${query}` });

  it.each([
    url('db.example'),
    url('10.0.0.5:5432'),
    url('localhost', '?host=db.example'),
    url('127.0.0.1.example'),
    url('db.example', '?application_name=sslmode'),
  ])('needs a word on TLS: %#', (env) => {
    const fault = faults([], env);
    expect(fault).toMatch(/DATABASE_URL.*sslmode=verify-full.*sslmode=disable/);
    expect(fault).not.toContain(PASSWORD);
  });

  it.each([
    url('db.example', '?sslmode=verify-full&sslrootcert=/etc/ca.pem'),
    url('db.example', '?sslmode=disable'),
    url('db.example', '?ssl=true'),
    url('localhost'),
    url('127.0.0.1:5432'),
    url('[::1]:5432'),
    url('x', '?host=/var/run/postgresql'),
  ])('may be plain where it is here, or where somebody said so: %#', (env) => {
    expect(configured([], env).config.database.url).toBe(env.DATABASE_URL);
  });
});

describe('a secret setting', () => {
  it('is in no error, help or description', () => {
    const refused = faults([], { DATABASE_URL: `mysql://root:${PASSWORD}@db` });
    expect(refused).toMatch(/^DATABASE_URL \(--database-url\) is not a postgres:\/\/ URL/);
    expect(refused).not.toContain(PASSWORD);
    const described = describeConfig(configured().config);
    expect(described['database.url']).toBe('set');
    expect(JSON.stringify(described)).not.toContain(PASSWORD);
  });
});

describe('--help', () => {
  it.each([[['--help']], [['controller', '--help']], [['gateway', '--help']]])(
    '%j lists each flag with its environment name and default, and needs no setting',
    (args) => {
      const invocation = parseCommandLine(args, {});
      const help = ('help' in invocation ? invocation.help : '').replace(/\s+/g, ' ');
      for (const { flag, env: name, default: value } of SETTINGS) {
        expect(help).toContain(`${flag} <value>`);
        expect(help).toContain(value === undefined ? `(env: ${name})` : `(env: ${name}, default: ${value})`);
      }
    },
  );
});
