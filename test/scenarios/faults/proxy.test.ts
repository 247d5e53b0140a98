import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServerCertificate } from '../../../dev/apiserver/transport/certificates.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { type ConnectProxy, startConnectProxy } from '../../support/cloud/connectProxy.ts';
import { startTransactionPooler, type TransactionPooler } from '../../support/gateway/transactionPooler.ts';
import { provisionsOf } from '../scene/counts.ts';
import { NAMESPACE } from '../scene/objects.ts';
import { createScene, type Scene } from '../scene/scene.ts';
import { until } from '../scene/until.ts';
import { untilGone } from '../scene/workspaces.ts';
import { oneChange } from '../steps/oneChange.ts';

// Names that no resolver knows: there is no way to them but through the proxy.
const HOST = { ec2: 'ec2.aws.invalid', ssm: 'ssm.aws.invalid', sts: 'sts.aws.invalid' };
const LOGIN = 'operator:not-in-any-log';

let scene: Scene;
let aws: Server;
let proxy: ConnectProxy;
/** A database that logs in with what it is given, and keeps it. */
let database: TransactionPooler;
let env: Record<string, string>;
/** Requests to STS. */
let logins: string[];

beforeAll(async () => {
  scene = await createScene();
  logins = [];
  const cloud = new URL(scene.stack.operatorEnv.AWS_ENDPOINT_URL_EC2 ?? '');
  const certificate = await createServerCertificate('*.aws.invalid');
  aws = createServer({ cert: certificate.certPEM, key: certificate.keyPEM }, async (incoming, response) => {
    if (incoming.headers.host === HOST.sts) {
      logins.push(await text(incoming));
      response.setHeader('content-type', 'text/xml').end(ASSUMED);
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ host: cloud.hostname, port: cloud.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  proxy = await startConnectProxy(() => (aws.address() as AddressInfo).port, LOGIN);
  const own = await createServerCertificate();
  database = await startTransactionPooler(scene.stack.databaseURL, {
    tls: () => ({ cert: own.certPEM, key: own.keyPEM }),
    password: () => database.given.at(-1) ?? '',
  });
  const databaseURL = new URL(database.url);
  databaseURL.searchParams.set('sslmode', 'verify-full');
  const databaseCA = join(scene.stack.folder, 'database-ca.pem');
  await writeFile(databaseCA, own.caPEM);
  const [ca, token] = ['aws-ca.pem', 'aws-token'].map((name) => join(scene.stack.folder, name)) as [
    string,
    string,
  ];
  await writeFile(ca, certificate.caPEM);
  await writeFile(token, 'a.service.account');
  env = {
    AWS_ENDPOINT_URL_EC2: `https://${HOST.ec2}`,
    AWS_ENDPOINT_URL_SSM: `https://${HOST.ssm}`,
    AWS_ENDPOINT_URL_STS: `https://${HOST.sts}`,
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/operator',
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_EC2_METADATA_DISABLED: 'true',
    NODE_EXTRA_CA_CERTS: ca,
    https_proxy: proxy.url,
    DATABASE_URL: databaseURL.href,
    WORKSPACE_DATABASE_CA_FILE: databaseCA,
    WORKSPACE_DATABASE_AUTH: 'RdsIam',
  };
});
afterAll(async () => {
  await scene.close();
  await database.stop();
  await proxy.stop();
  aws.closeAllConnections();
  aws.close();
});

const ASSUMED = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIAPROXY</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2049-01-01T00:00:00Z</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/operator/x</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;

test('with a CONNECT proxy as the only way to AWS, one change is one provision, and the rest goes directly', async () => {
  scene.spawn(env);
  await oneChange(scene);
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(logins.length).toBeGreaterThan(0);
  const hosts = [...new Set(proxy.asked)].sort();
  expect(hosts).toEqual(
    Object.values(HOST)
      .map((host) => `${host}:443`)
      .sort(),
  );

  // Tokens of RDS are made here, with credentials that came through the proxy; the database is reached directly.
  expect(database.given.length).toBeGreaterThan(0);
  for (const given of database.given) {
    const { searchParams } = new URL(`https://${given}`);
    expect(searchParams.get('X-Amz-Credential')).toMatch(/^ASIAPROXY\/\d{8}\/eu-central-1\/rds-db\//);
    expect(searchParams.get('X-Amz-Security-Token')).toBe('session');
  }

  // It refuses: what can't have been sent is no doubt, and the way on names the setting.
  proxy.refuseWith(407);
  const refused = () => scene.logs.find((line) => /HTTP.1.1 407/.test(JSON.stringify(line)));
  const line = await until('a refusal is logged', async () => refused());
  expect(JSON.stringify(line)).toContain('Check HTTPS_PROXY');
  proxy.refuseWith(undefined);
  await scene.kube.delete(WORKSPACES, 'ada', NAMESPACE);
  await untilGone(scene, 'ada');
  expect(provisionsOf(scene, 'ada')).toHaveLength(2);
  expect(JSON.stringify(scene.logs)).not.toContain('not-in-any-log');
});
