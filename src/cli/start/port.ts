// Checks that the port is free before anything is started, so that a busy one leaves nothing half-done.
import { lookup } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import { CommandFailure, describeError } from '../failure.ts';

/** Returns the port to listen on: the requested one, or a free one for 0. A busy port is a failure that names it. */
export async function claimPort(host: string, wanted: number): Promise<number> {
  const addresses = await resolveHost(host);
  if (wanted === 0) return await bindBriefly(addresses[0] ?? '127.0.0.1', 0);
  for (const address of addresses) {
    if (await isTaken(address, wanted)) throw busy(host, wanted);
  }
  return wanted;
}

/** Returns where to listen, as `address:port`, for each address of the host that this machine has: `localhost` has two on most. */
export async function listenAddresses(host: string, port: number): Promise<string[]> {
  const found: string[] = [];
  for (const address of await resolveHost(host)) {
    const outcome = await tryBinding(address, port);
    if (outcome === 'taken') throw busy(host, port);
    if (outcome === 'free') found.push(`${address.includes(':') ? `[${address}]` : address}:${port}`);
  }
  if (found.length === 0) throw new CommandFailure(`this machine has no address for HOST ${host}`);
  return found;
}

function busy(host: string, port: number): CommandFailure {
  return new CommandFailure(
    `port ${port} on ${host} is busy: stop what listens there, or choose another, e.g. PORT=${port + 1} npm start`,
  );
}

async function resolveHost(host: string): Promise<string[]> {
  try {
    return [...new Set((await lookup(host, { all: true })).map(({ address }) => address))];
  } catch (error) {
    throw new CommandFailure(`HOST ${JSON.stringify(host)} cannot be resolved: ${describeError(error)}`);
  }
}

/** Checks both ways: macOS lets a second socket bind beside a listener on the wildcard address. */
async function isTaken(address: string, port: number): Promise<boolean> {
  return (await isAnswered(address, port)) || (await tryBinding(address, port)) === 'taken';
}

async function tryBinding(address: string, port: number): Promise<'free' | 'taken' | 'absent'> {
  try {
    await bindBriefly(address, port);
    return 'free';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') return 'taken';
    // localhost often resolves to ::1 on machines that have no IPv6.
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return 'absent';
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
