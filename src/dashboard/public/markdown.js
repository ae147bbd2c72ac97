// Markdown as models write it, as elements: nothing of it ever becomes HTML, so an answer can contain no script, no style,
// and nothing from other hosts. Blocks: headings, lists, quotes, tables, rules, fenced code. In lines: code, bold,
// italics, strikethrough, links to http and https, each of at most a thousand characters: the search for an end is bounded.

const inline =
  /(`{1,3})(.{1,1000}?)\1|\*\*(.{1,1000}?)\*\*|__(.{1,1000}?)__|\*([^*\s][^*]{0,1000}?)\*|(?<!\w)_([^_\s][^_]{0,1000}?)_(?!\w)|~~(.{1,1000}?)~~|\[([^\]]{1,1000})\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>)\]]+)/s;

/** Returns the tree of a text: `[tag, attributes, ...children]`, and strings. Pure. */
export function markdownTree(text) {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const blocks = [];
  let at = 0;
  const take = (test) => {
    const taken = [];
    while (at < lines.length && test(lines[at])) taken.push(lines[at++]);
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    const fence = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)/.exec(line);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === '') at += 1;
    else if (fence) {
      at += 1;
      const code = take((one) => !one.trim().startsWith(fence[1]));
      at += 1;
      blocks.push(['pre', { tabindex: '0' }, ['code', {}, code.join('\n')]]);
    } else if (heading) {
      at += 1;
      // The page has headings of its own above: those of an answer begin below.
      blocks.push([`h${Math.min(6, heading[1].length + 2)}`, {}, ...inlineTree(heading[2])]);
    } else if (/^ {0,3}([-*_])( *\1){2,}\s*$/.test(line)) {
      at += 1;
      blocks.push(['hr', {}]);
    } else if (/^ {0,3}>/.test(line)) {
      const quoted = take((one) => /^ {0,3}>/.test(one)).map((one) => one.replace(/^ {0,3}> ?/, ''));
      blocks.push(['blockquote', {}, ...markdownTree(quoted.join('\n'))]);
    } else if (isItem(line)) {
      blocks.push(listTree(take((one) => isItem(one) || /^\s+\S/.test(one))));
    } else if (
      line.includes('|') &&
      /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? '')
    ) {
      const [head, , ...rows] = take((one) => one.includes('|'));
      blocks.push(tableTree(head, rows));
    } else {
      const paragraph = [line];
      at += 1;
      paragraph.push(
        ...take((one) => one.trim() !== '' && !/^ {0,3}(```|~~~|#{1,6}\s|>)/.test(one) && !isItem(one)),
      );
      blocks.push(['p', {}, ...inlineTree(paragraph.join('\n'))]);
    }
  }
  return blocks;
}

const isItem = (line) => /^\s*([-*+]|\d{1,9}[.)])\s+/.test(line);

/** Lines that are indented further than the first item belong to the item before them. */
function listTree(lines) {
  const [, indent, mark] = /^(\s*)([-*+]|\d+)/.exec(lines[0]);
  const items = [];
  for (const line of lines) {
    const depth = /^\s*/.exec(line)[0].length;
    if (isItem(line) && depth <= indent.length + 1)
      items.push([line.replace(/^\s*([-*+]|\d{1,9}[.)])\s+/, '')]);
    else items.at(-1).push(line.slice(Math.min(depth, indent.length + 2)));
  }
  const isOrdered = /\d/.test(mark);
  const children = items.map(([first, ...more]) => [
    'li',
    {},
    ...inlineTree(first),
    ...markdownTree(more.join('\n')),
  ]);
  return [isOrdered ? 'ol' : 'ul', isOrdered && mark !== '1' ? { start: mark } : {}, ...children];
}

function tableTree(head, rows) {
  const cells = (line, tag) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => [tag, tag === 'th' ? { scope: 'col' } : {}, ...inlineTree(cell.trim())]);
  return [
    'table',
    {},
    ['thead', {}, ['tr', {}, ...cells(head, 'th')]],
    ['tbody', {}, ...rows.map((row) => ['tr', {}, ...cells(row, 'td')])],
  ];
}

function inlineTree(text) {
  const found = inline.exec(text);
  if (found === null) return text === '' ? [] : [text];
  const [whole, , code, bold, bold2, italic, italic2, struck, label, address, bare] = found;
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + whole.length);
  return [...(before === '' ? [] : [before]), element(), ...inlineTree(after)];

  function element() {
    if (code !== undefined) return ['code', {}, code.trim()];
    if (bold !== undefined || bold2 !== undefined) return ['strong', {}, ...inlineTree(bold ?? bold2)];
    if (italic !== undefined || italic2 !== undefined) return ['em', {}, ...inlineTree(italic ?? italic2)];
    if (struck !== undefined) return ['del', {}, ...inlineTree(struck)];
    return ['a', { href: address ?? bare, target: '_blank', rel: 'noopener noreferrer' }, label ?? bare];
  }
}

/** Shows a text in an element. */
export function showMarkdown(place, text) {
  place.replaceChildren(...markdownTree(text).map(nodeOf));
}

function nodeOf(tree) {
  if (typeof tree === 'string') return document.createTextNode(tree);
  const [tag, attributes, ...children] = tree;
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.map(nodeOf));
  return node;
}
