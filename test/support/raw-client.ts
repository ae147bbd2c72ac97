// A client on node:http that adds and hides nothing: it returns the bytes as they arrived.
import { Agent, type IncomingHttpHeaders, request as startRequest } from 'node:http';

/** One request. */
export interface RawRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** The response. `broken` means that the connection ended before the body did. */
export interface RawResponse {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  broken: boolean;
}

/** The longest idle time; no request of the tests is idle for so long. */
const idleTimeoutMs = 30_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Sends the request and reads the whole response. Rejects only if there is no response at all. */
export function exchange({ method, url, headers, body }: RawRequest): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = startRequest(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      const answered = (broken: boolean) =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes: Buffer.concat(chunks),
          broken,
        });
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => answered(false));
      response.once('error', () => answered(true));
    });
    request.once('error', reject);
    request.setTimeout(idleTimeoutMs, () =>
      request.destroy(new Error(`no data for ${idleTimeoutMs} ms from ${url}`)),
    );
    request.end(body);
  });
}

/** Runs `work` for all items, at most `width` at a time, and returns the results in the items' order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at] as Item);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
