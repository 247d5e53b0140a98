import { expect, test } from 'vitest';
import { classify } from '../ec2/calls/errors.ts';
import { readProxy } from './awsProxy.ts';

const PASSWORD = 'hunter2';

test('the proxy is read from the environment as others read it: lower case wins, and host:port is plain HTTP', () => {
  expect(readProxy({})).toBeUndefined();
  expect(readProxy({ HTTPS_PROXY: '' })).toBeUndefined();
  expect(readProxy({ NO_PROXY: '*' })).toBeUndefined();
  expect(readProxy({ HTTPS_PROXY: 'http://upper:1', https_proxy: 'lower:3128', NO_PROXY: '.local' })).toEqual(
    { HTTPS_PROXY: 'http://lower:3128/', HTTP_PROXY: undefined, NO_PROXY: '.local' },
  );
});

test('what is no address of a proxy stops the start with the setting’s name, and without the password in it', () => {
  for (const value of [`socks5://a:${PASSWORD}@b:1`, `http://a:${PASSWORD}@`, 'http://']) {
    const read = () => readProxy({ HTTPS_PROXY: value });
    expect(read).toThrow(/^HTTPS_PROXY is not an http:\/\/ or https:\/\/ URL/);
    expect(read).not.toThrow(PASSWORD);
  }
});

test('a Node whose agents know no proxy is refused rather than led past it', () => {
  expect(() => readProxy({ HTTPS_PROXY: 'http://a:1' }, '24.4.1')).toThrow('HTTPS_PROXY needs Node 24.5');
  expect(readProxy({ HTTPS_PROXY: 'http://a:1' }, '24.5.0')).toBeDefined();
  expect(readProxy({}, '24.4.1')).toBeUndefined();
});

test('what the proxy refuses, and a proxy that is away, was not sent, and the message names the setting', () => {
  const proxy = readProxy({ HTTPS_PROXY: 'http://proxy.corp:3128' });
  const context = { action: 'RunInstances', sent: true, proxy };
  const refusals = [
    { code: 'ERR_PROXY_TUNNEL', message: 'Failed to establish tunnel: HTTP/1.1 407' },
    { code: 'ECONNREFUSED', syscall: 'connect', address: '10.0.0.1', port: 3128 },
    { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'proxy.corp' },
    { code: 'ECONNREFUSED' },
  ];
  for (const error of refusals) {
    const failure = classify(Object.assign(new Error(error.code), error), context);
    expect(failure.class).toBe('notSent');
    expect(failure.message).toContain('Check HTTPS_PROXY');
  }
  // Reached directly by NO_PROXY, or lost behind the proxy: nothing says that the proxy is to blame.
  const direct = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'ec2.eu-central-1.amazonaws.com' };
  expect(classify(Object.assign(new Error('x'), direct), context).message).not.toContain('HTTPS_PROXY');
  const lost = classify(Object.assign(new Error('x'), { code: 'ECONNRESET' }), context);
  expect(lost.class).toBe('ambiguous');
  expect(lost.message).not.toContain('HTTPS_PROXY');
});
