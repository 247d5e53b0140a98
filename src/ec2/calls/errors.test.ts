import { describe, expect, it } from 'vitest';
import { classify, ec2Failure, isEc2Failure, saysNotFound } from './errors.ts';
import { classOfCode, listedCodes } from './errorTable.ts';

const context = { action: 'RunInstances', sent: true };

function answer(code: string, httpStatusCode: number, message = 'what AWS says') {
  return Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode, requestId: 'req-1' } });
}

describe('an answer of AWS', () => {
  it('is classed by its code and not by its HTTP status', () => {
    expect(classify(answer('InsufficientInstanceCapacity', 500), context).class).toBe('capacity');
    expect(classify(answer('RequestLimitExceeded', 503), context).class).toBe('throttled');
    expect(classify(answer('DryRunOperation', 412), context).class).toBe('dryRunOK');
    expect(classify(answer('IdempotentParameterMismatch', 400), context).class).toBe('mismatch');
    expect(classify(answer('InvalidInstanceID.NotFound', 400), context).class).toBe('gone');
  });

  it.each([...listedCodes])('%s is %s at any status', (code, kind) => {
    for (const status of [400, 403, 500, 503]) expect(classOfCode(code, status)).toBe(kind);
    expect(classOfCode(code, 400)).toBe(classify(answer(`Client.${code}`, 400), context).class);
  });

  it.each([
    ['InvalidAMIID.NotFound', 'userFix'],
    ['InvalidSubnetID.NotFound', 'userFix'],
    ['InvalidParameterValue', 'userFix'],
    ['InvalidParameterCombination', 'userFix'],
    ['MissingParameter', 'userFix'],
    ['UnsupportedOperation', 'userFix'],
    ['AuthFailure.ServiceLinkedRoleCreationNotPermitted', 'userFix'],
    ['InstanceCreditSpecification.NotSupported', 'userFix'],
    ['NetworkInterfaceLimitExceeded', 'quota'],
    ['VolumeLimitExceeded', 'quota'],
  ] as const)('%s is %s as a refusal, and in doubt when the server failed', (code, kind) => {
    expect(classOfCode(code, 400)).toBe(kind);
    expect(classOfCode(code, 500)).toBe('ambiguous');
  });

  it.each([
    ['SomethingNew', 400],
    ['SomethingNew', 500],
    ['InternalError', 500],
    ['Unavailable', 503],
    ['NotFound', 404],
    ['UnknownError', 502],
  ])('%s with HTTP %i leaves open whether it happened', (code, status) => {
    expect(classify(answer(code, status), context).class).toBe('ambiguous');
  });

  it('names the HTTP status where AWS named no code', () => {
    expect(classify(answer('Unknown', 502), context).code).toBe('HTTP502');
  });

  it('that can’t be read is in doubt, although its status was 200', () => {
    expect(classify(answer('SyntaxError', 200), context)).toMatchObject({
      class: 'ambiguous',
      code: 'UnreadableAnswer',
    });
  });

  it('names the action, the cause and the next step', () => {
    const failure = classify(answer('UnauthorizedOperation', 403, 'You are not authorized'), context);
    expect(failure).toMatchObject({
      action: 'RunInstances',
      code: 'UnauthorizedOperation',
      requestID: 'req-1',
    });
    expect(failure.message).toMatch(/^RunInstances: UnauthorizedOperation: You are not authorized\. Grant /);
  });
});

describe('no answer', () => {
  it.each([
    ['ECONNRESET', 'TimeoutError'],
    ['ETIMEDOUT', 'TimeoutError'],
    ['EPIPE', 'Error'],
    ['ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', 'Error'],
  ])('%s after the send is in doubt', (code, name) => {
    const error = Object.assign(new Error('socket'), { code, name });
    expect(classify(error, context)).toMatchObject({ class: 'ambiguous', code });
  });

  it.each([
    [{ code: 'ECONNREFUSED', syscall: 'connect' }],
    [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
    [{ code: 'EHOSTUNREACH', syscall: 'connect' }],
    [{ code: 'ECONNREFUSED' }],
  ])('%o means that there was no connection to send on', (parts) => {
    expect(classify(Object.assign(new Error('socket'), parts), context).class).toBe('notSent');
  });

  it('EHOSTUNREACH while writing is in doubt: the first bytes may have arrived', () => {
    const error = Object.assign(new Error('socket'), { code: 'EHOSTUNREACH', syscall: 'write' });
    expect(classify(error, context).class).toBe('ambiguous');
  });

  it('is certain that AWS was never asked if any error came before the send', () => {
    const before = { ...context, sent: false };
    expect(classify(Object.assign(new Error('x'), { code: 'ECONNRESET' }), before).class).toBe('notSent');
    expect(classify(answer('AccessDenied', 403), before).class).toBe('notSent');
    expect(classify('not even an error', before)).toMatchObject({ class: 'notSent', code: 'UnknownError' });
  });

  it('for want of credentials says where to put them', () => {
    const error = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    const failure = classify(error, { ...context, sent: false });
    expect(failure).toMatchObject({ class: 'notSent', code: 'NoCredentials' });
    expect(failure.message).toContain('AWS_ACCESS_KEY_ID');
  });
});

describe('a failure’s message', () => {
  const ticket = 'ab12'.repeat(8);
  const userData = `#!/bin/sh\nTICKET=${ticket}\n`;
  const encoded = Buffer.from(userData).toString('base64');
  const secrets = [userData, encoded];

  it('never repeats the user data, plain or encoded', () => {
    const said = `Invalid user data ${encoded} or ${userData}`;
    const { message } = classify(answer('InvalidUserData.Malformed', 400, said), { ...context, secrets });
    expect(message).not.toContain(ticket);
    expect(message).not.toContain(encoded);
    expect(message).toContain('Invalid user data');
  });

  it('drops what looks like a key, and the encoded authorization report', () => {
    const said = `denied ${'Zm9v'.repeat(12)} Encoded authorization failure message: abc-def_${'x'.repeat(20)}`;
    const { message } = classify(answer('UnauthorizedOperation', 403, said), context);
    expect(message).toContain('denied […]');
    expect(message).not.toContain('abc-def');
  });

  it('stays short', () => {
    const said = 'word '.repeat(2_000);
    expect(classify(answer('InvalidParameterValue', 400, said), context).message.length).toBeLessThan(800);
  });
});

describe('Ec2Failure', () => {
  it('is known by its name, and is classified as itself', () => {
    const failure = ec2Failure({ class: 'quota', code: 'X', action: 'A', detail: 'd' });
    expect(isEc2Failure(failure)).toBe(true);
    expect(isEc2Failure(new Error('x'))).toBe(false);
    expect(classify(failure, { action: 'B', sent: false })).toBe(failure);
  });

  it.each([
    ['InvalidAMIID.NotFound', true],
    ['InvalidAMIID.Unavailable', true],
    ['ParameterNotFound', true],
    ['HTTP404', false],
    ['NotFound', false],
    ['UnauthorizedOperation', false],
  ])('%s says that the thing does not exist: %s', (code, expected) => {
    expect(saysNotFound(ec2Failure({ class: 'userFix', code, action: 'A', detail: 'd' }))).toBe(expected);
  });
});
