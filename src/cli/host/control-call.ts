// Calls of the supervisor to a Worker that listens on a unix socket.
import { request } from 'node:http';
import { CommandFailure } from '../failure.ts';

/** Posts a value as JSON and resolves with the answer's text; throws CommandFailure with the text when the status is an error. */
export function callWorker(socketPath: string, path: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', agent: false }, async (response) => {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      if ((response.statusCode ?? 500) < 400) resolve(text);
      else reject(new CommandFailure(text || `${path} answered ${response.statusCode}`));
    });
    call.once('error', reject);
    call.setHeader('content-type', 'application/json');
    call.end(JSON.stringify(body));
  });
}
