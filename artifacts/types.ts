import { activationsType } from './activations.js';
import { alignedType } from './aligned.js';
import type { ArtifactType } from './artifact.js';
import { atlasType } from './atlas.js';
import { bidsType } from './bids.js';
import { boldType } from './bold.js';
import { descriptionType } from './description.js';
import { eventsType } from './events.js';
import { figuresType } from './figures.js';
import { fitType } from './fit.js';
import { framesType } from './frames.js';
import { imageType, maskType } from './image-types.js';
import { mapsType } from './maps.js';
import { confoundsType, fileType, tableType, videoType } from './plain-types.js';
import { regressorsType } from './regressors.js';
import { reversalType } from './reversal.js';
import { selectionType } from './selection.js';
import { seriesType } from './series.js';
import { thresholdedType } from './thresholded.js';
import { videosType } from './videos.js';
import { weightsType } from './weights.js';

/** Every type that may flow along a wire or stand under `inputs`. */
export const artifactTypes: readonly ArtifactType[] = [
  videoType,
  videosType,
  weightsType,
  bidsType,
  boldType,
  maskType,
  confoundsType,
  eventsType,
  atlasType,
  imageType,
  seriesType,
  alignedType,
  regressorsType,
  tableType,
  fileType,
  framesType,
  activationsType,
  descriptionType,
  fitType,
  mapsType,
  thresholdedType,
  selectionType,
  reversalType,
  figuresType,
];
