// How pages write amounts of money.
import { expect, it } from 'vitest';
import { dollars, moneyFormat, moneyLimits } from '../../../../src/dashboard/pages/parts.tsx';

const column = (amounts: (number | null)[]) => amounts.map((usd) => moneyFormat(amounts)(usd ?? 0));

it('writes all amounts of a column with as many digits as its smallest one needs', () => {
  expect(column([0.2802, 0.079, 12])).toEqual(['$0.280', '$0.079', '$12.000']);
  expect(column([1_234.5, 2, 0])).toEqual(['$1,234.50', '$2.00', '$0.00']);
  expect(column([null, 0.00703897])).toEqual(['$0.0000', '$0.0070']);
  expect(column([])).toEqual([]);
});

it('writes at most six digits, and less than the smallest for what they cannot show', () => {
  expect(moneyLimits.digits).toBe(6);
  expect(column([0.00000972, 111.33])).toEqual(['$0.000010', '$111.330000']);
  expect(column([0.000000001, 0.000001])).toEqual(['<$0.000001', '$0.000001']);
});

it('writes a single amount with the digits that are significant', () => {
  expect([0, 5, 0.0643, 0.00000972].map(dollars)).toEqual(['$0.00', '$5.00', '$0.0643', '$0.00000972']);
});
