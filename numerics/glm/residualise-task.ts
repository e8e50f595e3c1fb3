import { type Residualised, residualise } from './residualise.js';

export interface ResidualisePayload {
  readonly series: Float64Array;
  readonly nuisance: Float64Array;
  readonly count: number;
  readonly time: number;
  readonly rank: number;
}

/** Pool task `glm.residualise`: one block of series. */
export function run(payload: ResidualisePayload): Promise<Residualised> {
  return residualise(payload.series, payload.nuisance, payload);
}
