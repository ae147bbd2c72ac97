// How deep a JSON value goes. Without recursion: it is asked of what might not have a bottom.

/** Whether arrays and objects stand in one another more than `most` levels deep; a number or a text is level 0. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    level = level.filter((each) => typeof each === 'object' && each !== null);
    if (level.length > 0 && depth === most) return true;
    level = level.flatMap((each) => Object.values(each as object));
  }
  return false;
}
