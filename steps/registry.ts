import { artifactTypes } from '../artifacts/types.js';
import type { Registry, StepType } from '../engine/step-type.js';
import { aggregateStep } from './aggregate/index.js';
import { alignStep } from './align/index.js';
import { annotationsStep } from './annotations/index.js';
import { audioStep } from './audio/index.js';
import { combineStep } from './combine/index.js';
import { commandStep } from './command/index.js';
import { contrastStep } from './contrast/index.js';
import { controlsStep } from './controls/index.js';
import { decodeStep } from './decode/index.js';
import { describeStep } from './describe/index.js';
import { extractStep } from './extract/index.js';
import { featuresStep } from './features/index.js';
import { figuresStep } from './figures/index.js';
import { glmStep } from './glm/index.js';
import { groupStep } from './group/index.js';
import { hrfStep } from './hrf/index.js';
import { joinStep } from './join/index.js';
import { jointStep } from './joint/index.js';
import { permuteStep } from './permute/index.js';
import { probabilityStep } from './probability/index.js';
import { resampleStep } from './resample/index.js';
import { residualsStep } from './residuals/index.js';
import { reverseStep } from './reverse/index.js';
import { selectStep } from './select/index.js';
import { smoothStep } from './smooth/index.js';
import { smoothnessStep } from './smoothness/index.js';
import { surrogatesStep } from './surrogates/index.js';
import { thresholdStep } from './threshold/index.js';

/** Every step type, in the order of the method: this is also the order of lists and of the documentation. */
const stepTypes: readonly StepType[] = [
  decodeStep,
  extractStep,
  aggregateStep,
  featuresStep,
  audioStep,
  annotationsStep,
  joinStep,
  describeStep,
  alignStep,
  hrfStep,
  controlsStep,
  resampleStep,
  smoothStep,
  glmStep,
  residualsStep,
  contrastStep,
  jointStep,
  combineStep,
  groupStep,
  permuteStep,
  surrogatesStep,
  smoothnessStep,
  thresholdStep,
  probabilityStep,
  selectStep,
  reverseStep,
  figuresStep,
  commandStep,
];

/** What a workflow file may use. */
export const registry: Registry = {
  steps: new Map(stepTypes.map((type) => [type.name, type])),
  artifacts: new Map(artifactTypes.map((type) => [type.name, type])),
};
