// Calls of the supervisor to a Worker that listens on a unix socket.
import { type IncomingMessage, request } from 'node:http';
import { CommandFailure } from '../failure.ts';

/** Posts a value as JSON and resolves with the answer's text. Rejects like `openCall`. */
export async function callWorker(socketPath: string, path: string, body: unknown): Promise<string> {
  return await textOf(await openCall(socketPath, path, body));
}

/**
 * Posts a value as JSON and resolves when the answer begins. Rejects with CommandFailure and the answer's text when the status is an
 * error, when nobody listens, and when there is no answer within `timeoutMs`.
 */
export function openCall(
  socketPath: string,
  path: string,
  body: unknown,
  timeoutMs?: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', agent: false }, async (response) => {
      clearTimeout(timer);
      const status = response.statusCode ?? 500;
      if (status < 400) resolve(response);
      else reject(new CommandFailure((await textOf(response)) || `${path} answered ${status}`));
    });
    const giveUp = () => call.destroy(new CommandFailure(`${path} is not answered`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
    call.once('error', reject);
    call.setHeader('content-type', 'application/json');
    call.end(JSON.stringify(body));
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}
