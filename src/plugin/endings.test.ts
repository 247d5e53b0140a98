import { EventEmitter } from 'node:events';
import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { KubectlError } from './base/kubectl.ts';
import { endingOf, endWithReader } from './endings.ts';

test('a fault of the program itself is a few plain lines, never the line of the bundle that threw', () => {
  const error = new TypeError('x\u001b[2J');
  error.stack = ['TypeError: x\u001b[2J', ...Array.from({ length: 40 }, (_, at) => `    at ${at}`)].join(
    '\n',
  );
  const { text, code } = endingOf(error);
  expect(code).toBe(1);
  expect(text.split('\n')).toHaveLength(8);
  expect(text).not.toContain('\u001b');
});

test('kubectl’s words are plain too; wrong usage and help have codes of their own', () => {
  expect(endingOf(new KubectlError('no\u202e\nway'))).toEqual({ text: 'no \nway\n', code: 1 });
  expect(endingOf(new CommanderError(1, 'x', 'x')).code).toBe(2);
  expect(endingOf(new CommanderError(0, 'x', 'x')).code).toBe(0);
});

test('a pipe whose reader has gone ends the program quietly, as it does any other', () => {
  const stream = new EventEmitter() as EventEmitter & Pick<NodeJS.WriteStream, 'on'>;
  const codes: number[] = [];
  endWithReader(stream, (code) => codes.push(code));
  stream.emit('error', Object.assign(new Error(), { code: 'EPIPE' }));
  expect(codes).toEqual([141]);
  expect(() => stream.emit('error', new Error('disk full'))).toThrow('disk full');
});
