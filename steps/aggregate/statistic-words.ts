import type { Statistic } from '../../numerics/vgg/layers.js';

/** A statistic over the places of an activation map, in words that follow `the`. */
export function statisticWords(statistic: Statistic): string {
  return { mean: 'mean', max: 'maximum', sd: 'standard deviation', active: 'share of active places' }[statistic];
}
