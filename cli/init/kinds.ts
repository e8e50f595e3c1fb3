import type { BidsChoice } from './bids-choice.js';
import { findBids } from './find-bids.js';
import { findAtlas, findMovie, findSeries, findWeights } from './find-files.js';
import type { Choose, Found, Places } from './found.js';

/** What a user may put in the place of a template's inputs of one type. */
export interface Kind {
  readonly flag: 'bids' | 'movie' | 'weights' | 'atlas' | 'series';
  /** What is to be named, for a comment and a question. */
  readonly what: string;
  /** What an answer may be, where that is not plain. */
  readonly forms?: string;
  /** @param usual the template's own entry */
  find(given: string, places: Places, usual: Readonly<Record<string, unknown>>, choose: Choose): Promise<Found>;
}

/** By the type of the input. */
export const kinds: Readonly<Record<string, Kind>> = {
  bids: {
    flag: 'bids',
    what: 'folder of the preprocessed BOLD images',
    forms: 'a BIDS dataset with derivatives/fmriprep inside, or what fMRIPrep wrote',
    find: (given, places, usual, choose) => findBids(given, places, usual as BidsChoice, choose),
  },
  video: { flag: 'movie', what: 'movie file', find: findMovie },
  weights: {
    flag: 'weights',
    what: 'weights of VGG-16',
    forms: 'a file, vgg16-keras, vgg16-torchvision, or synthetic (random, to try things out)',
    find: findWeights,
  },
  atlas: { flag: 'atlas', what: 'atlas image', forms: 'with a .tsv of index and name beside it', find: findAtlas },
  series: { flag: 'series', what: 'table of your own series', find: findSeries },
};
