// The depth of a JSON value. Works without recursion, because the value may be too deep for that.

/** Returns whether arrays and objects are nested more than `most` levels deep. A number or a text has level 0. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    level = level.filter((each) => typeof each === 'object' && each !== null);
    if (level.length > 0 && depth === most) return true;
    level = level.flatMap((each) => Object.values(each as object));
  }
  return false;
}
