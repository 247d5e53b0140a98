import type { Transport } from '../../src/controller/transport.ts';
import { startOperator } from '../simulator/operators.ts';
import type { Scene } from '../simulator/scene.ts';

/** One process of the operator. */
export interface Operator {
  /** As SIGKILL does. */
  kill(): void;
  /** Its writes that the API server refused, but for conflicts and what is gone. */
  refused: readonly string[];
}

let started = 0;

export function begin(scene: Scene, caBundle: string | undefined): Operator {
  started += 1;
  const name = `operator-${started}`;
  const refused: string[] = [];
  const { mortal, platform } = scene.process(name, () => undefined);
  const transport = noting(platform.transport, refused);
  const files = { tls: undefined, caBundle, identityCertificates: [] };
  startOperator(scene, { ...platform, transport }, files).catch((error: unknown) => {
    if (!mortal.isDead()) refused.push(`${name} failed to start: ${String(error)}`);
  });
  return { kill: mortal.die, refused };
}

const BORNE = new Set([404, 409]);

function noting(inner: Transport, refused: string[]): Transport {
  return {
    stream: inner.stream,
    async request(request) {
      const response = await inner.request(request);
      if (request.method !== 'GET' && response.status >= 400 && !BORNE.has(response.status))
        refused.push(
          `${request.method} ${request.path}: ${response.status} ${JSON.stringify(response.body)}`,
        );
      return response;
    },
  };
}
