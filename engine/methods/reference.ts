/** Something that is cited: a paper, a book, a program. */
export interface Reference {
  /** As it is cited in the text of a step: `[@glover1999]`. */
  readonly key: string;
  readonly kind: 'article' | 'book' | 'inproceedings' | 'misc';
  /** `Family, G. H.`, or the name of an institution without a comma; `others` at the end for those left out. */
  readonly authors: readonly string[];
  /** Absent of what has no date. */
  readonly year?: number;
  readonly title: string;
  /** Journal, proceedings, publisher or institution. */
  readonly where?: string;
  readonly volume?: string;
  readonly pages?: string;
  readonly doi?: string;
  readonly url?: string;
}

const CITATION = /\[((?:@[a-z0-9-]+)(?:; @[a-z0-9-]+)*)\]/g;

/** Keys that a text cites, in the order of their first citation. */
export function citedKeys(text: string): string[] {
  return [...new Set([...text.matchAll(CITATION)].flatMap(([, keys]) => keys!.split('; ').map((key) => key.slice(1))))];
}

/**
 * Replaces `[@glover1999; @friston1996]` by `(Glover, 1999; Friston et al., 1996)`, inside of parentheses without a
 * pair of its own. A key that is not known stays as it is.
 */
export function withCitations(text: string, references: ReadonlyMap<string, Reference>): string {
  return text.replace(new RegExp(` ${CITATION.source}`, 'g'), (_, keys: string, offset: number) => {
    const cited = keys.split('; ').map((key) => {
      const reference = references.get(key.slice(1));
      return reference ? `${authorsInText(reference)}, ${yearOf(reference)}` : key.slice(1);
    });
    const before = text.slice(0, offset);
    const inside = before.split('(').length > before.split(')').length;
    return inside ? `; ${cited.join('; ')}` : ` (${cited.join('; ')})`;
  });
}

const yearOf = ({ year }: Reference) => year ?? 'n.d.';

function authorsInText({ authors }: Reference): string {
  const names = authors.map((author) => author.split(',')[0]!);
  if (names.length > 2) return `${names[0]} et al.`;
  return names.join(' & ');
}

/** As it stands in a list of references. */
export function listed(reference: Reference): string {
  const { authors, title, where, volume, pages, doi, url } = reference;
  const [last, rest] = [authors.at(-1)!, authors.slice(0, -1).join(', ')];
  const names = rest === '' ? last : last === 'others' ? `${rest}, et al.` : `${rest}, & ${last}`;
  const place = [where && `*${where}*`, [volume, pages].filter(Boolean).join(', ')].filter(Boolean).join(' ');
  const address = doi === undefined ? url : `https://doi.org/${doi}`;
  const end = names.endsWith('.') ? '' : '.';
  return [`${names}${end} (${yearOf(reference)}).`, `${title}.`, place && `${place}.`, address]
    .filter(Boolean)
    .join(' ');
}

const PLACE = { article: 'journal', inproceedings: 'booktitle', book: 'publisher', misc: 'organization' } as const;

/** As an entry of a BibTeX file. */
export function bibtex(reference: Reference): string {
  const { key, kind, authors, year, title, where, volume, pages, doi, url } = reference;
  const fields: readonly (readonly [string, string | undefined])[] = [
    // Braces keep an institution in one piece.
    [
      'author',
      authors.map((author) => (author.includes(',') || author === 'others' ? author : `{${author}}`)).join(' and '),
    ],
    ['year', year === undefined ? undefined : String(year)],
    ['title', `{${title}}`],
    [PLACE[kind], where],
    ['volume', volume],
    ['pages', pages?.replace('-', '--')],
    ['doi', doi],
    ['url', url],
  ];
  const lines = fields.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name} = {${escaped(value)}}`]));
  return `@${kind}{${key},\n${lines.join(',\n')}\n}\n`;
}

const escaped = (text: string) => text.replace(/[&%#_]/g, '\\$&');
