// An agent in JavaScript, for Node 20 or later: all of the protocol that an agent must speak, without a dependency.
// It passes `npm run conformance -- --agent 'node deploy/examples/agent.mjs'`.
import { spawn } from 'node:child_process';
import { fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const { WORKSPACE_ROOT: root = '/', WORKSPACE_COMMAND: command } = process.env;
const etc = join(root, 'etc/workspace-agent');
const state = join(root, 'var/lib/workspace-agent');
const metadata = process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? 'http://169.254.169.254';
mkdirSync(state, { recursive: true, mode: 0o700 });

const read = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
// On disk, and synced, in one step: a boot that was said once must never be said again.
const write = (file, text) => {
  const fd = openSync(`${file}.new`, 'w', 0o600);
  writeFileSync(fd, text);
  fsyncSync(fd);
  renameSync(`${file}.new`, file);
};
// The boot stub wrote NAME='value' or NAME=number, one a line.
const config = Object.fromEntries(
  [...read(join(etc, 'config')).matchAll(/^(\w+)=(?:'(.*)'|(\d+))$/gm)].map(([, name, text, n]) => [name, text ?? n]),
);
const ca = read(join(etc, 'ca.pem')) || undefined;
const number = Number(config.WORKSPACE_NUMBER);

// Resolves without a status where there is no answer.
function send(method, url, { headers = {}, body } = {}) {
  return new Promise((resolve) => {
    const started = (url.startsWith('https:') ? https : http)(url, { method, headers, ca, timeout: 20_000 });
    const none = () => resolve({ headers: {}, text: '' });
    started.once('error', none).once('timeout', () => started.destroy());
    started.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part)).once('error', none);
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    started.end(body);
  });
}

async function post(path, fields) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const credential = read(join(state, 'credential'));
  if (credential) headers.authorization = `Bearer ${credential}`;
  const body = JSON.stringify(fields);
  const answer = await send('POST', config.WORKSPACE_GATEWAY + path, { headers, body });
  // An answer that can't be read is none.
  try {
    return { ...answer, body: answer.text === '' ? {} : JSON.parse(answer.text) };
  } catch {
    return { headers: {}, body: {} };
  }
}

async function ask(path) {
  const token = await send('PUT', `${metadata}/latest/api/token`, {
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  const headers = { 'x-aws-ec2-metadata-token': token.text };
  const answer = await send('GET', `${metadata}/latest/${path}`, { headers });
  return answer.status === 200 ? answer.text : undefined;
}

const log = (text) => console.error(`workspace-agent: ${text}`);
const retryAfter = ({ headers }) => Number(headers['retry-after'] ?? 0);

function retire() {
  log(`launch ${number} is over: stopping for good`);
  workload?.kill();
  process.exit(0);
}

const boot = Number(read(join(state, 'boot'))) + 1;
write(join(state, 'boot'), String(boot));
let digest;
let period = 30;
let seq = 0;
let workload;
let notice;

async function bootstrap() {
  for (let delay = 1; ; delay = Math.min(2 * delay, 60)) {
    const document = await ask('dynamic/instance-identity/document');
    const signature = await ask('dynamic/instance-identity/signature');
    const fields = { uid: config.WORKSPACE_UID, number, ticket: config.WORKSPACE_TICKET, document, signature };
    const answer = document && signature ? await post('/v1/bootstrap', fields) : { headers: {} };
    if (answer.status === 410) retire();
    if (answer.status === 200) {
      write(join(state, 'credential'), answer.body.credential);
      ({ digest, periodSeconds: period } = answer.body);
      return answer.body.environment;
    }
    if (answer.status === 401) write(join(state, 'credential'), '');
    log(`bootstrap: HTTP ${answer.status ?? 'no answer'}`);
    const wait = retryAfter(answer) || delay;
    await sleep(1_000 * wait * (1 + Math.random() / 4));
  }
}

// Values are bytes, and names are names of variables. The whole of it is replaced at each boot.
function begin(environment) {
  workload?.kill();
  if (command === undefined) return;
  const values = Object.entries(environment).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]);
  workload = spawn('sh', ['-c', command], { env: { PATH: process.env.PATH, ...Object.fromEntries(values) }, stdio: 'ignore' });
}

// Optional fields that an earlier gateway refused are left out from then on.
const refused = new Set();

async function beat() {
  seq += 1;
  const optional = { agent: 'example/1', interruption: notice };
  for (const name of refused) delete optional[name];
  const acknowledged = read(join(state, 'acknowledged')) === 'true' || undefined;
  const answer = await post('/v1/heartbeat', { number, boot, seq, env: digest, acknowledged, ...optional });
  if (answer.status === 410) retire();
  if (answer.status === 401) begin(await bootstrap());
  if (answer.status === 400) {
    const named = (answer.body.details ?? []).map((detail) => detail.split(/[.:]/)[0]);
    const fresh = named.filter((name) => name in optional && !refused.has(name));
    for (const name of fresh) refused.add(name);
    if (fresh.length > 0) return beat();
  }
  if (answer.status === 200) {
    period = answer.body.periodSeconds;
    // It handles why it was restarted before it says so.
    if (answer.body.restart) {
      log(`restarted: ${answer.body.restart.cause}`);
      write(join(state, 'acknowledged'), 'true');
    }
  }
  return Math.max(period, answer.status === 200 ? 0 : retryAfter(answer));
}

// On Spot EC2 announces two minutes before that it takes the instance back.
async function rest(seconds) {
  const until = Date.now() + 1_000 * seconds;
  const spot = (await ask('meta-data/instance-life-cycle')) === 'spot';
  while (Date.now() < until) {
    await sleep(Math.min(until - Date.now(), 5_000));
    const text = spot && notice === undefined ? await ask('meta-data/spot/instance-action') : undefined;
    if (text === undefined) continue;
    const { action, time } = JSON.parse(text);
    notice = { action, at: time };
    return;
  }
}

begin(await bootstrap());
for (;;) await rest(await beat());
