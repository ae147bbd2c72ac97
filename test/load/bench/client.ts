// The load generator: raw sockets and prepared requests, so its own work is small beside the measured work.
import { connect, type Socket } from 'node:net';

/** The results of a run. Times are in milliseconds. */
export interface Run {
  requests: number;
  seconds: number;
  latencies: number[];
  firstBytes: number[];
}

/** Returns the bytes of a POST request. */
export function requestBytes(path: string, headers: Record<string, string>, body: string): Buffer {
  const lines = Object.entries({ host: 'bench', 'content-type': 'application/json', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\n${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Sends `total` requests over `concurrency` connections; `pick` returns each one's bytes. */
export async function run(
  port: number,
  concurrency: number,
  total: number,
  pick: (index: number) => Buffer,
): Promise<Run> {
  const result: Run = { requests: 0, seconds: 0, latencies: [], firstBytes: [] };
  let next = 0;
  const startedAt = performance.now();
  const worker = async () => {
    const socket = await connected(port);
    while (next < total) await once(socket, pick(next++), result);
    socket.destroy();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  result.seconds = (performance.now() - startedAt) / 1000;
  return result;
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

function once(socket: Socket, bytes: Buffer, result: Run): Promise<void> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    let firstByteAt = 0;
    let firstEventAt = 0;
    let length = -1;
    let seen = 0;
    let tail = '';
    const onData = (chunk: Buffer) => {
      firstByteAt ||= performance.now();
      const text = chunk.toString('latin1');
      if (length < 0 && tail === '') {
        if (!text.startsWith('HTTP/1.1 200')) return fail(new Error(text.slice(0, 600)));
        const end = text.indexOf('\r\n\r\n');
        const match = /content-length: (\d+)/i.exec(text.slice(0, end));
        if (match) {
          length = Number(match[1]);
          seen = -end - 4;
        }
      }
      if (firstEventAt === 0 && text.includes('data:')) firstEventAt = performance.now();
      seen += chunk.length;
      tail = (tail + text).slice(-8);
      if (length >= 0 ? seen >= length : tail.endsWith('\r\n0\r\n\r\n')) finish();
    };
    const finish = () => {
      socket.off('data', onData);
      socket.off('error', fail);
      socket.off('close', closed);
      result.requests++;
      result.latencies.push(performance.now() - startedAt);
      result.firstBytes.push((firstEventAt || firstByteAt) - startedAt);
      resolve();
    };
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const closed = () => reject(new Error('the connection was closed'));
    socket.on('data', onData);
    socket.once('error', fail);
    socket.once('close', closed);
    socket.write(bytes);
  });
}

/** Returns the value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
