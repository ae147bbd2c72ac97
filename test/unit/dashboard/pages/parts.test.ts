// How pages write amounts of money.
import { expect, it } from 'vitest';
import { dollars, moneyFormat, moneyLimits, Pager } from '../../../../src/dashboard/pages/parts.tsx';

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

/** Returns the links of the pager of an address. */
async function links(url: string, next: string | null) {
  const html = String(await Pager({ url: `https://relay.test${url}`, next }));
  const found = [...html.matchAll(/href="([^"]*)">(\w+) page/g)];
  return Object.fromEntries(found.map(([, href = '', name = '']) => [name, href.replaceAll('&amp;', '&')]));
}

it('leads forward by cursors, and back by the cursors that the address remembers', async () => {
  expect(await links('/list?q=a', null)).toEqual({});
  expect(await links('/list?q=a', 'A')).toEqual({ Next: '/list?q=a&cursor=A' });
  expect(await links('/list?q=a&cursor=A', 'B')).toEqual({
    Previous: '/list?q=a',
    Next: '/list?q=a&cursor=B&back=.A',
  });
  expect(await links('/list?q=a&cursor=B&back=.A', 'C')).toEqual({
    Previous: '/list?q=a&cursor=A',
    Next: '/list?q=a&cursor=C&back=.A.B',
  });
  expect(await links('/list?cursor=C&back=.A.B', null)).toEqual({ Previous: '/list?cursor=B&back=.A' });
});
