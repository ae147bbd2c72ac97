// What a transfer moved, for people: `tokens 3, channels 2`.

/** How many of each there are: of lists their lengths, of numbers the numbers. */
export function countsIn(answer: Record<string, unknown>): string {
  const nested = answer.counts ?? answer.imported;
  const source = typeof nested === 'object' && nested !== null ? nested : answer;
  return Object.entries(source)
    .flatMap(([name, value]) => {
      if (Array.isArray(value) && name !== 'warnings') return [`${name} ${value.length}`];
      return typeof value === 'number' && name !== 'version' ? [`${name} ${value}`] : [];
    })
    .join(', ');
}

/** The warnings of an import. */
export function warningsIn(answer: Record<string, unknown>): string[] {
  return Array.isArray(answer.warnings) ? answer.warnings.map(String) : [];
}
