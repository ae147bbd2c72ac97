/** The ratio of the two input sizes of `growthOfTime`. */
const factor = 8;

/** A bound between linear code, whose `growthOfTime` is about 1, and quadratic code, whose is about `factor`. */
export const linearGrowth = 3;

/** Much more than the resolution of the clock, which may be 10 ms. */
const enoughCpuMs = 150;

/**
 * Returns how many times more CPU time `run` takes for one input of eight times `size` than for eight of `size`.
 * The two alternate until the smaller has run long enough, so the ratio holds on a machine of any speed and on a
 * busy one.
 */
export function growthOfTime(size: number, run: (size: number) => void): number {
  run(size * factor);
  let small = 0;
  let large = 0;
  while (small < enoughCpuMs && large < enoughCpuMs * factor) {
    large += cpuMs(() => run(size * factor));
    small += cpuMs(() => {
      for (let round = 0; round < factor; round++) run(size);
    });
  }
  return large / Math.max(small, 1);
}

function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
