// Is the port free? Asked before anything is started, so that a busy one leaves nothing half-done.
import { lookup } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import { CommandFailure, describeError } from '../failure.ts';

/** The port to listen on: the wanted one, or a free one for 0. A busy port is a failure that names it. */
export async function claimPort(host: string, wanted: number): Promise<number> {
  const addresses = await resolveHost(host);
  if (wanted === 0) return await bindBriefly(addresses[0] ?? '127.0.0.1', 0);
  for (const address of addresses) {
    if (await isTaken(address, wanted)) {
      throw new CommandFailure(
        `port ${wanted} on ${host} is busy: stop what listens there, or choose another, e.g. PORT=${wanted + 1} npm start`,
      );
    }
  }
  return wanted;
}

async function resolveHost(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new CommandFailure(`HOST ${JSON.stringify(host)} cannot be resolved: ${describeError(error)}`);
  }
}

/** Both ways: macOS lets a second socket bind beside a listener on the wildcard address. */
async function isTaken(address: string, port: number): Promise<boolean> {
  if (await isAnswered(address, port)) return true;
  try {
    await bindBriefly(address, port);
    return false;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') return true;
    // localhost often resolves to ::1 on machines that have no IPv6.
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return false;
    throw new CommandFailure(`cannot listen on ${address} port ${port}: ${describeError(error)}`);
  }
}

function isAnswered(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 500 });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

function bindBriefly(address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port));
    });
  });
}
