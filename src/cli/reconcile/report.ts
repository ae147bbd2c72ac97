// The output of reconcile.
import type { Comparison, Difference } from './comparisons.ts';

/** Returns lines about one token, or none when everything agrees and nothing is pending. */
export function linesOf(comparison: Comparison): string[] {
  const { token_id, name, differences, pending_rows, pending_usd, busy } = comparison;
  const who = `${token_id} (${name})`;
  return [
    ...differences.map((difference) => `${who}: ${differenceLine(difference)}`),
    ...(pending_rows > 0
      ? [`${who}: ${pending_rows} rows, $${pending_usd}, are on their way to the log`]
      : []),
    ...(busy ? [`${who}: in use all the time, not compared; run this again`] : []),
  ];
}

const meanings: Readonly<Record<string, string>> = {
  'ledger-log': 'the ledger charged {expected}, the log has {found}',
  'log-roll-ups': 'the rows of the log cost {expected}, their roll-ups say {found}',
  'log-roll-ups-requests': 'the log has {expected}, its roll-ups {found}',
  'recorded-spend': 'the ledger charged {expected}, recorded as spent are {found}',
};

/** An unknown check of a newer relay is shown by its name. */
function differenceLine({ check, unit, expected, found }: Difference): string {
  const shown = (value: number) => (unit === 'usd' ? `$${value}` : `${value} ${unit}`);
  const text = meanings[check] ?? `${check}: expected {expected}, found {found}`;
  const by = Number((found - expected).toFixed(9));
  return `${text.replace('{expected}', shown(expected)).replace('{found}', shown(found))} (${by > 0 ? '+' : ''}${by})`;
}

export function summaryOf(origin: string, all: readonly Comparison[]): string {
  const sum = (pick: (comparison: Comparison) => number) =>
    Number(all.reduce((total, comparison) => total + pick(comparison), 0).toFixed(9));
  const count = all.reduce((total, { differences }) => total + differences.length, 0);
  return [
    `${origin}: ${all.length} tokens compared`,
    `ledgers $${sum(({ ledger_usd }) => ledger_usd)}`,
    `log $${sum(({ log_usd }) => log_usd)}`,
    `on their way ${sum(({ pending_rows }) => pending_rows)} rows, $${sum(({ pending_usd }) => pending_usd)}`,
    `${count} differences`,
  ].join(', ');
}
