/** How many times the input grows between the two measurements of `growthOfTime`. */
const factor = 8;

/** Growth of time below this is linear: linear code takes `factor` times as long, quadratic code its square. */
export const linearGrowth = 25;

/**
 * Returns how many times longer `run` takes for eight times the input. A ratio holds on a machine of any speed: each
 * time is the best of three, after a run that warms up.
 */
export function growthOfTime(size: number, run: (size: number) => void): number {
  run(size);
  return bestMs(() => run(size * factor)) / bestMs(() => run(size));
}

function bestMs(run: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return Math.min(...times);
}
