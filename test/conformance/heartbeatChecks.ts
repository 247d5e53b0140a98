import { createServerCertificate } from '../../dev/apiserver/transport/certificates.ts';
import { caBundleOf } from '../../src/gateway/served/caBundle.ts';
import { bearerOf, type Check, firstHeartbeat, heartbeats, mustBe, mustWait, optionalIn } from './check.ts';

/** How an agent goes on. */
export const HEARTBEAT_CHECKS: readonly Check[] = [
  {
    id: 'heartbeat-content',
    rule: 'Heartbeats bear the credential, and say `number`, `boot`, `seq` (1, then one more each time) and `env`.',
    async play(stage) {
      stage.boot();
      const sent = await heartbeats(stage, 3);
      const served = stage.bootstraps().at(-1)?.answer;
      for (const [index, beat] of sent.entries()) {
        mustBe(bearerOf(beat) === served?.get('credential'), 'a heartbeat does not bear the credential');
        const { fields } = beat;
        const said = ['number', 'boot', 'seq'].map((name) => fields.get(name)).join(' ');
        mustBe(said === `1 1 ${index + 1}`, `heartbeat ${index + 1} said number, boot, seq: ${said}`);
        mustBe(fields.get('env') === served?.get('digest'), 'env is not the digest that was served');
      }
    },
  },
  {
    id: 'first-at-once',
    rule: 'The first heartbeat follows bootstrap at once.',
    async play(stage) {
      stage.period(15);
      stage.boot();
      await stage.until('a bootstrap', () => stage.bootstraps()[0]?.answeredAt);
      await stage.until(
        'a first heartbeat, long before the period of 15 s has passed',
        () => stage.heartbeats()[0],
        8_000,
      );
    },
  },
  {
    id: 'period',
    rule: 'It heartbeats every `periodSeconds`, as the last answer said.',
    async play(stage) {
      stage.boot();
      const [, second] = await heartbeats(stage, 2);
      stage.period(4);
      const slower = await stage.until('an answer with the new period', () =>
        stage.heartbeats().find(({ answer }) => answer.get('periodSeconds') === '4'),
      );
      const next = await stage.until(
        'a heartbeat after that',
        () => stage.heartbeats()[stage.heartbeats().indexOf(slower) + 1],
      );
      mustBe(second !== undefined, 'there is no second heartbeat');
      mustWait(slower, next, 3.6, 'the heartbeat after the new period');
    },
  },
  {
    id: 'heartbeat-retry-after',
    rule: 'After 503 or 429 it goes on, and waits for the longer of `Retry-After` and the period.',
    async play(stage) {
      stage.gateway.instead('/v1/heartbeat', { status: 429, code: 'rate_limited', retryAfterSeconds: 3 });
      stage.boot();
      const [refused, next] = await heartbeats(stage, 2);
      if (refused && next) mustWait(refused, next, 3, 'the heartbeat after a refused one');
      mustBe(next?.status === 200, 'the next heartbeat was not taken');
    },
  },
  {
    id: 'gateway-away',
    rule: 'While the gateway is away it goes on as before, and never says a pair of `boot` and `seq` again.',
    async play(stage) {
      stage.boot();
      await firstHeartbeat(stage);
      stage.gateway.instead('/v1/heartbeat', 'lostRequest', 'lostAnswer', 'lostAnswer');
      const taken = await stage.until('a heartbeat that is taken after three without an answer', () =>
        stage
          .heartbeats()
          .slice(4)
          .find(({ status }) => status === 200),
      );
      mustBe(stage.bootstraps().length === 1, 'it sent bootstrap again, though its credential is good');
      mustBe(Number(taken.fields.get('seq')) > 4, 'seq did not grow with each heartbeat');
    },
  },
  {
    id: 'heartbeat-401',
    rule: 'When a heartbeat is answered with 401, it sends bootstrap and then goes on.',
    async play(stage) {
      stage.boot();
      await firstHeartbeat(stage);
      stage.gateway.instead('/v1/heartbeat', { status: 401, code: 'unauthenticated' });
      const refused = await stage.until('a heartbeat', () =>
        stage.heartbeats().find(({ status }) => status === 401),
      );
      const after = await stage.until(
        'a request after 401',
        () => stage.gateway.exchanges[stage.gateway.exchanges.indexOf(refused) + 1],
      );
      mustBe(after.path === '/v1/bootstrap', `after 401 it sent ${after.path}`);
      await stage.until(
        'a heartbeat after that',
        () => stage.heartbeats().at(-1)?.status === 200 && stage.bootstraps().length > 1,
      );
    },
  },
  {
    id: 'heartbeat-over',
    rule: 'When a heartbeat is answered with 410, it stops for good.',
    async play(stage) {
      stage.boot();
      await firstHeartbeat(stage);
      stage.fixture.put((_workspace, status) => {
        if (status.launch) status.launch.number = 2;
      });
      await stage.until('an answer of 410', () => stage.heartbeats().find(({ status }) => status === 410));
      const before = stage.gateway.exchanges.length;
      await stage.pass(4_000);
      const more = stage.gateway.exchanges.length - before;
      mustBe(more === 0, `it sent ${more} more requests after 410`);
    },
  },
  {
    id: 'restart-context',
    rule: 'It says `acknowledged: true` only after the gateway sent `restart` and the agent acted on it.',
    async play(stage) {
      stage.fixture.put((_workspace, status) => {
        if (status.launch) status.launch.cause = { kind: 'SecretChanged', ref: '1' };
        if (status.desired) status.desired.changed = ['ada-env/API_KEY'];
      });
      stage.boot();
      const first = await firstHeartbeat(stage);
      mustBe(
        first.fields.get('acknowledged') !== 'true',
        'the first heartbeat acknowledges what it was not told',
      );
      await stage.until('a heartbeat with acknowledged', () =>
        stage.heartbeats().find(({ fields }) => fields.get('acknowledged') === 'true'),
      );
    },
  },
  {
    id: 'unknown-fields',
    rule: 'It ignores fields of answers that it does not know.',
    async play(stage) {
      stage.gateway.addUnknownFields();
      stage.boot();
      const sent = await heartbeats(stage, 2);
      const digest = stage.bootstraps().at(-1)?.answer.get('digest');
      mustBe(
        sent.every(({ fields }) => fields.get('env') === digest),
        'env is not the digest that was served',
      );
    },
  },
  {
    id: 'earlier-gateway',
    rule: 'When an earlier gateway answers 400 for an optional field, it sends the heartbeat without the field, with the next `seq`.',
    async play(stage) {
      stage.boot();
      const first = await firstHeartbeat(stage);
      const [name] = optionalIn(first).map((it) => it.split('.')[0]);
      // An agent that sends no optional field can't be refused one.
      if (name === undefined) return;
      const details = [`${name}: not one that this release takes`];
      stage.gateway.instead('/v1/heartbeat', { status: 400, code: 'invalid_request', details });
      const refused = await stage.until('a heartbeat', () =>
        stage.heartbeats().find(({ status }) => status === 400),
      );
      const next = await stage.until(
        'a heartbeat after 400',
        () => stage.heartbeats()[stage.heartbeats().indexOf(refused) + 1],
      );
      mustBe(!optionalIn(next).some((it) => it.split('.')[0] === name), `it says ${name} again`);
      mustBe(
        next.fields.get('seq') === String(Number(refused.fields.get('seq')) + 1),
        'seq is not the next one',
      );
    },
  },
  {
    id: 'interruption',
    rule: 'On Spot it says EC2’s notice of an interruption in a heartbeat at once, and in each one while it stands.',
    async play(stage) {
      stage.metadata.lifeCycle = 'spot';
      stage.period(15);
      stage.boot();
      await firstHeartbeat(stage);
      const at = '2030-01-01T00:00:00Z';
      stage.metadata.notice = JSON.stringify({ action: 'terminate', time: at });
      const told = await stage.until(
        'a heartbeat with the notice, long before the period of 15 s has passed',
        () => stage.heartbeats().find(({ fields }) => fields.has('interruption.action')),
        10_000,
      );
      mustBe(told.fields.get('interruption.action') === 'terminate', 'interruption.action is not EC2’s');
      mustBe(told.fields.get('interruption.at') === at, 'interruption.at is not EC2’s');
      stage.period(1);
      const next = await stage.until(
        'the next heartbeat',
        () => stage.heartbeats()[stage.heartbeats().indexOf(told) + 1],
      );
      mustBe(next.fields.has('interruption.action'), 'the next heartbeat does not say it again');
    },
  },
  {
    id: 'ca-rotation',
    rule: 'An agent that says `ca` takes a new bundle only if the gateway’s present certificate verifies against it.',
    async play(stage) {
      stage.boot();
      const first = await firstHeartbeat(stage);
      // One that says no `ca` keeps the bundle of its user data, and is counted as such.
      if (!first.fields.has('ca')) return;
      const { caPEM } = await createServerCertificate();
      const says = (text: string) => {
        stage.fixture.gateway.reload({ trustedCertificates: [stage.fixture.certificatePEM], caBundle: text });
        const digest = caBundleOf(text)?.digest;
        return () => stage.heartbeats().find(({ fields }) => fields.get('ca') === digest);
      };
      await stage.until('a heartbeat with the new bundle', says(`${stage.gateway.caPEM}\n${caPEM}`));
      const locked = says(caPEM);
      const count = stage.heartbeats().length;
      await stage.until('three more heartbeats', () => stage.heartbeats().length >= count + 3);
      mustBe(
        locked() === undefined,
        'it took a bundle against which the gateway’s certificate does not verify',
      );
    },
  },
];
