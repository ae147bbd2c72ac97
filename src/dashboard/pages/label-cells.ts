// Headings of columns for phones: there, each row of a table is a card, and CSS shows `data-label` before a cell.

/**
 * Adds to every cell of a page's tables the text of its column's heading. Done over the written HTML, so that no
 * table has to repeat its headings. Cells over several columns get none. Tables are not nested.
 */
export function labelCells(html: string): string {
  return html.replace(/<table\b.*?<\/table>/gs, (table) => {
    const [head = '', ...bodies] = table.split('</thead>');
    return bodies.length === 0
      ? table
      : `${head}</thead>${labelRows(bodies.join('</thead>'), labelsOf(head))}`;
  });
}

function labelRows(rows: string, labels: readonly string[]): string {
  return rows.replace(/<tr\b.*?<\/tr>/gs, (row) => {
    let column = 0;
    return row.replace(/<td(?=[\s>])(?! colspan)/g, (cell) => {
      const label = labels[column];
      column += 1;
      return label ? `${cell} data-label="${label}"` : cell;
    });
  });
}

/** Returns the headings' texts, still escaped. Script and arrows of sorted columns are left out. */
function labelsOf(head: string): string[] {
  return [...head.matchAll(/<th\b[^>]*>(.*?)<\/th>/gs)].map(([, inner = '']) =>
    inner
      .replace(/<span aria-hidden[^>]*>.*?<\/span>/gs, '')
      .replace(/<[^>]*>/g, '')
      .trim(),
  );
}
