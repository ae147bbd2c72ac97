// What `npm run doctor` prints.
import type { Finding } from './examine.ts';

/** Returns a line for each finding, and its remedy below. */
export function linesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ status, check, detail, remedy }) => [
    `${status.padEnd(9)}${check.padEnd(10)}${detail}`,
    ...(remedy === null ? [] : [`${' '.repeat(19)}→ ${remedy}`]),
  ]);
}

/** Returns how many findings are not in order. */
export function summaryOf(findings: readonly Finding[]): string {
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  return `${count('broken')} broken, ${count('warning')} to look at, ${count('ok')} in order`;
}
