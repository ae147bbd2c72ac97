// Starts the relay with an imitation of the AI binding that forwards to the test's address, as Cloudflare's own
// does (workerd, src/cloudflare/internal/ai-api.ts).
import type { Env } from '../../../../src/env.ts';
import worker from '../../../../src/index.ts';

export * from '../../../../src/index.ts';

interface TestEnv extends Env {
  IMITATED_AI: string;
}

function imitatedBinding(address: string): NonNullable<Env['AI']> {
  return {
    run: (model, inputs, { signal, ...options }) =>
      fetch(`${address}/run?version=3`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'cf-consn-model-id': model },
        body: JSON.stringify({ inputs, options }),
        ...(signal !== undefined && { signal }),
      }),
  };
}

export default {
  ...worker,
  fetch: (request: Request, env: TestEnv, context: ExecutionContext) =>
    worker.fetch(request, { ...env, AI: imitatedBinding(env.IMITATED_AI) }, context),
};
