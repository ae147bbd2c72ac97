// Markdown to what the Worker serves at /docs: HTML without scripts or styles of its own, anchors, and texts to search.
// Runs when the Worker is built; the Markdown is our own, so HTML in it is left out rather than made safe.
import { createRequire } from 'node:module';
import { Marked, type RendererObject, type Token, type Tokens } from 'marked';
import { anchorOf, type RenderedPage, type Section } from '../../lib/rendered-page.ts';

/** Its types would bring those of browsers into every file of the Worker. */
const hljs = createRequire(import.meta.url)('highlight.js/lib/common') as {
  highlight(text: string, options: { language: string }): { value: string };
};

/** Languages of fences by what highlight.js calls them. Others are shown plain. */
const highlighted: Readonly<Record<string, string>> = {
  sh: 'bash',
  bash: 'bash',
  ts: 'typescript',
  js: 'javascript',
  python: 'python',
  json: 'json',
  yaml: 'yaml',
  toml: 'ini',
  ini: 'ini',
};

/** What the tab of a language says. */
const tabNames: Readonly<Record<string, string>> = { sh: 'curl', python: 'Python', ts: 'Node' };

/**
 * Renders a page. `anchors` are the ids of its headings in their order; without them they are made of the headings as
 * GitHub makes them. Throws if the page does not begin with its title, or if the number of anchors differs.
 */
export function renderPage(markdown: string, anchors?: readonly string[]): RenderedPage {
  const shown = withoutRepositoryParts(markdown);
  const tokens = new Marked().lexer(shown);
  const [first] = tokens;
  if (first === undefined || !isHeading(first) || first.depth !== 1)
    throw new Error('A page begins with its title.');
  const headings = tokens.filter(isHeading).slice(1);
  if (anchors !== undefined && anchors.length !== headings.length)
    throw new Error(`${first.text}: ${headings.length} headings, but ${anchors.length} anchors.`);
  const ids = new Map(
    headings.map((heading, index) => [heading, anchors?.[index] ?? anchorOf(heading.text)]),
  );
  const writer = new Marked({
    renderer: rendererOf(ids),
    extensions: [{ name: 'tabs', renderer: tabsHtml }],
  });
  return {
    title: plainText(first.text),
    html: writer.parser(withTabs(tokens.slice(1))),
    markdown: shown,
    sections: sectionsOf(first, tokens.slice(1), ids),
  };
}

function isHeading(token: Token): token is Tokens.Heading {
  return token.type === 'heading';
}

function rendererOf(ids: ReadonlyMap<Token, string>): RendererObject {
  return {
    html: () => '',
    heading(token) {
      const { depth, tokens } = token;
      const text = this.parser.parseInline(tokens);
      const id = ids.get(token);
      if (id === undefined) return `<h${depth}>${text}</h${depth}>\n`;
      return `<h${depth} id="${id}">${text} <a class="anchor" href="#${id}" aria-hidden="true" tabindex="-1">#</a></h${depth}>\n`;
    },
    code: ({ text, lang }) => codeBlock(text, languageOf(lang)),
    link({ href, tokens }) {
      return `<a href="${escaped(addressOf(href))}">${this.parser.parseInline(tokens)}</a>`;
    },
    table(token) {
      const row = (cells: Tokens.TableCell[], tag: 'th' | 'td') =>
        `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`;
      const body = token.rows.map((cells) => row(cells, 'td')).join('\n');
      return `<div class="facts-table" tabindex="0"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`;
    },
  };
}

/** The block scrolls by itself, so the keyboard must reach it. */
function codeBlock(text: string, language: string): string {
  const known = highlighted[language];
  const code = known === undefined ? escaped(text) : hljs.highlight(text, { language: known }).value;
  return `<pre tabindex="0" data-language="${language}"><code>${code}</code></pre>\n`;
}

/** The fence's first word; others say why a test cannot run it. */
function languageOf(fence = ''): string {
  return fence.split(' ')[0] || 'text';
}

/**
 * Joins fences that follow each other without a text between, in different languages of `tabNames`: the same example
 * thrice. Radio buttons choose among them, so it needs no script.
 */
function withTabs(tokens: readonly Token[]): Token[] {
  const joined: Token[] = [];
  let group: Tokens.Code[] = [];
  let groups = 0;
  const close = () => {
    if (group.length > 1) joined.push({ type: 'tabs', raw: '', name: `tabs-${++groups}`, group });
    else joined.push(...group);
    group = [];
  };
  for (const token of tokens) {
    if (token.type === 'space' && group.length > 0) continue;
    const language = token.type === 'code' ? languageOf(token.lang) : '';
    const hasTab = language in tabNames;
    if (!hasTab || group.some(({ lang }) => languageOf(lang) === language)) close();
    if (hasTab) group.push(token as Tokens.Code);
    else joined.push(token);
  }
  close();
  return joined;
}

function tabsHtml({ name, group }: Tokens.Generic): string {
  const tabs = (group as Tokens.Code[]).map(({ lang, text }, index) => {
    const language = languageOf(lang);
    const id = `${name}-${language}`;
    const checked = index === 0 ? ' checked' : '';
    return `<input type="radio" name="${name}" id="${id}" value="${language}"${checked}><label for="${id}">${tabNames[language]}</label>${codeBlock(text, language)}`;
  });
  return `<fieldset class="tabs"><legend class="hidden">curl, Python, Node</legend>${tabs.join('')}</fieldset>\n`;
}

/** Links between pages lead to their addresses in the product. */
function addressOf(href: string): string {
  const page = /^(?:[\w./]*\/)?([\w-]+)\.md(#.*)?$/.exec(href);
  return page ? `/docs/${page[1]?.toLowerCase()}${page[2] ?? ''}` : href;
}

function sectionsOf(
  title: Tokens.Heading,
  tokens: readonly Token[],
  ids: ReadonlyMap<Token, string>,
): Section[] {
  const sections: Section[] = [{ id: '', level: 1, title: plainText(title.text), text: '' }];
  for (const token of tokens) {
    if (isHeading(token))
      sections.push({
        id: ids.get(token) ?? '',
        level: token.depth,
        title: plainText(token.text),
        text: '',
      });
    else {
      const section = sections.at(-1);
      if (section) section.text = `${section.text} ${searchText(token)}`.trim();
    }
  }
  return sections;
}

function searchText(token: Token): string {
  if (token.type === 'html') return '';
  return plainText(token.raw)
    .replace(/[|#>*`-]{2,}|\s*\|\s*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function plainText(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`/g, '')
    .replace(/\*\*/g, '');
}

/** A line that ends and one that begins with Chinese characters: browsers would show a space between them. */
const betweenChinese =
  /([\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])\n *(?=[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef])/g;

/** A line that ends with Chinese punctuation, which has its own space, before code, a link, or a Latin word. */
const afterChinesePunctuation = /([\u3001\u3002\uff08\uff0c\uff1a\uff1b])\n *(?=(?!```)[`[A-Za-z])/g;

/** Leaves out what only the repository's readers see (screenshots), and the marks of generated tables. */
function withoutRepositoryParts(markdown: string): string {
  return markdown
    .replace(betweenChinese, '$1')
    .replace(afterChinesePunctuation, '$1')
    .replace(/<!-- repository only -->[\s\S]*?<!-- \/repository only -->\n*/g, '')
    .replace(/<!-- \/?generated.*? -->\n+/g, '');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
