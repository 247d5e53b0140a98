import { bearerOf, type Check, firstHeartbeat, heartbeats, mustBe, mustWait } from './check.ts';
import type { Exchange } from './exchange.ts';
import type { Stage } from './stage.ts';

const bootstrap = (stage: Stage, nth: number): Promise<Exchange> =>
  stage.until(`bootstrap ${nth}`, () => {
    const found = stage.bootstraps()[nth - 1];
    return found?.answeredAt !== undefined && found;
  });

/** Boots, heartbeats, and boots again. */
async function bootTwice(stage: Stage): Promise<void> {
  stage.boot();
  await firstHeartbeat(stage);
  await stage.crash();
  stage.boot();
}

/** How an agent begins. */
export const BOOT_CHECKS: readonly Check[] = [
  {
    id: 'introduction',
    rule: 'The first request is a bootstrap with `uid`, `number`, `ticket`, and EC2’s document and signature as metadata gives them.',
    async play(stage) {
      stage.boot();
      const { fields } = await bootstrap(stage, 1);
      const [first] = stage.gateway.exchanges;
      mustBe(first?.path === '/v1/bootstrap', `the first request went to ${first?.path}`);
      const { document, signature } = stage.metadata.identity;
      const { workspaces } = stage.fixture;
      mustBe(fields.get('uid') === workspaces.get('team/ada')?.metadata.uid, 'uid is not that of user data');
      mustBe(fields.get('number') === '1', `number is ${fields.get('number')}`);
      mustBe(fields.get('ticket') === stage.ticket, 'ticket is not that of user data');
      mustBe(fields.get('document') === document, 'document is not byte for byte that of metadata');
      const bare = (text = '') => text.replaceAll(/\s/g, '');
      mustBe(bare(fields.get('signature')) === bare(signature), 'signature is not that of metadata');
      await firstHeartbeat(stage);
    },
  },
  {
    id: 'certificate',
    rule: 'It sends nothing but `/v1/distrust` to a server whose certificate does not verify against the CA bundle, and goes on once the gateway’s own is back.',
    async play(stage) {
      stage.gateway.showCertificate('foreign');
      stage.boot();
      await stage.pass(3_000);
      const sent = stage.gateway.exchanges.filter(({ path }) => path !== '/v1/distrust');
      mustBe(sent.length === 0, `it sent ${sent[0]?.path} to a server that it can’t trust`);
      stage.gateway.showCertificate('right');
      await firstHeartbeat(stage);
    },
  },
  {
    id: 'bootstrap-retry-after',
    rule: 'A bootstrap that is answered with 503 or 429 is sent again, no sooner than after `Retry-After`.',
    async play(stage) {
      const later = { status: 503, code: 'environment_unsettled', retryAfterSeconds: 3 };
      stage.gateway.instead('/v1/bootstrap', later);
      stage.boot();
      mustWait(await bootstrap(stage, 1), await bootstrap(stage, 2), 3, 'the second bootstrap');
      await firstHeartbeat(stage);
    },
  },
  {
    id: 'bootstrap-no-answer',
    rule: 'Without an answer it sends bootstrap again after 1 s, and waits twice as long after each further try.',
    async play(stage) {
      stage.gateway.instead('/v1/bootstrap', 'lostRequest', 'lostAnswer');
      stage.boot();
      mustWait(await bootstrap(stage, 1), await bootstrap(stage, 2), 1, 'the second bootstrap');
      mustWait(await bootstrap(stage, 2), await bootstrap(stage, 3), 2, 'the third bootstrap');
      await firstHeartbeat(stage);
    },
  },
  {
    id: 'boot-counter',
    rule: '`boot` is 1 at the first start and one more at each later one; `seq` begins at 1 with each.',
    async play(stage) {
      await bootTwice(stage);
      const second = await stage.until('a heartbeat of the second boot', () =>
        stage.heartbeats().find(({ fields }) => fields.get('boot') !== '1'),
      );
      const said = (it: Exchange | undefined) => `${it?.fields.get('boot')}/${it?.fields.get('seq')}`;
      mustBe(
        said(stage.heartbeats()[0]) === '1/1',
        `the first heartbeat said boot/seq ${said(stage.heartbeats()[0])}`,
      );
      mustBe(said(second) === '2/1', `the first heartbeat after a restart said boot/seq ${said(second)}`);
    },
  },
  {
    id: 'credential-with-document',
    rule: 'From the second boot it shows the credential, and document and signature with it.',
    async play(stage) {
      await bootTwice(stage);
      const second = await bootstrap(stage, 2);
      const credential = stage.bootstraps()[0]?.answer.get('credential');
      mustBe(
        bearerOf(second) === credential,
        'the second bootstrap does not show the credential of the first',
      );
      mustBe(second.fields.get('document') === stage.metadata.identity.document, 'it shows no document');
      mustBe(second.fields.has('signature'), 'it shows no signature');
    },
  },
  {
    id: 'void-credential',
    rule: 'A credential that bootstrap answers with 401 is void: it tries the ticket again.',
    async play(stage) {
      stage.boot();
      await firstHeartbeat(stage);
      await stage.crash();
      stage.gateway.instead('/v1/bootstrap', { status: 401, code: 'unauthenticated' });
      stage.boot();
      const third = await bootstrap(stage, 3);
      mustBe(bearerOf(third) === undefined, 'it shows the void credential again');
      mustBe(third.fields.get('ticket') === stage.ticket, 'it does not show its ticket');
    },
  },
  {
    id: 'new-environment',
    rule: 'Each boot takes the environment that it is served then: heartbeats name its `digest` as `env`.',
    async play(stage) {
      stage.boot();
      const first = await firstHeartbeat(stage);
      mustBe(
        first.fields.get('env') === stage.bootstraps()[0]?.answer.get('digest'),
        'env is not the digest that was served',
      );
      await stage.crash();
      stage.fixture.secrets.set('team/ada-env', new Map([['API_KEY', Buffer.from('second')]]));
      stage.fixture.put();
      stage.boot();
      const later = await stage.until('a heartbeat of the second boot', () =>
        stage.heartbeats().find(({ fields }) => fields.get('boot') === '2'),
      );
      const digest = stage.bootstraps().at(-1)?.answer.get('digest');
      mustBe(later.fields.get('env') === digest, 'after a boot env is not the digest of the new environment');
    },
  },
  {
    id: 'bootstrap-over',
    rule: 'When bootstrap answers 410, it stops for good.',
    async play(stage) {
      stage.gateway.instead('/v1/bootstrap', { status: 410, code: 'workspace_deleting' });
      stage.boot();
      await bootstrap(stage, 1);
      await stage.pass(4_000);
      const count = stage.gateway.exchanges.length;
      mustBe(count === 1, `it sent ${count - 1} more requests after 410`);
    },
  },
  {
    id: 'no-secrets-said',
    rule: 'Ticket, credential and values of the environment are not in what it writes to its output.',
    async play(stage) {
      stage.gateway.instead('/v1/bootstrap', { status: 503, code: 'overloaded', retryAfterSeconds: 1 });
      stage.gateway.instead('/v1/heartbeat', { status: 503, code: 'overloaded', retryAfterSeconds: 1 });
      stage.boot();
      await heartbeats(stage, 2);
      const credential = stage.bootstraps().at(-1)?.answer.get('credential') ?? '';
      const secrets = { ticket: stage.ticket, credential, 'a value': stage.secret.trim() };
      for (const [what, text] of Object.entries(secrets))
        for (const form of [text, Buffer.from(text).toString('base64'), JSON.stringify(text).slice(1, -1)])
          mustBe(!stage.output().includes(form), `its output has ${what} of the launch`);
    },
  },
];
