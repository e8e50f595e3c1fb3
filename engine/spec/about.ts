import type { About, Author } from '../workflow.js';

const ORCID = 'https://orcid.org/';

/** What a checked file says about the study. ORCIDs become addresses. */
export function readAbout(top: Readonly<Record<string, unknown>>): About {
  const { description, license, authors = [] } = top as Partial<About>;
  return {
    ...(description === undefined ? {} : { description }),
    ...(license === undefined ? {} : { license }),
    authors: authors.map(
      ({ orcid, ...author }): Author =>
        orcid === undefined ? author : { ...author, orcid: orcid.startsWith(ORCID) ? orcid : ORCID + orcid },
    ),
  };
}
