// What the runtime below this process holds in memory. Linux only; elsewhere 0, so that bounds hold.
import { readdirSync, readFileSync } from 'node:fs';

/** Resident bytes of every workerd that descends from this process, together. */
export function workerdMemory(): number {
  return descendants(process.pid)
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes('workerd'))
    .reduce((total, pid) => total + residentBytes(pid), 0);
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of list('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The command's name is in brackets and may hold anything; what follows it is fixed.
    const [, parent = ''] = read(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ') ?? [];
    parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === root || isBelow(parents.get(pid)));
  return [...parents.keys()].filter(isBelow);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
