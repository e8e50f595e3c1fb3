/** How big the study is. */
export interface StudySize {
  readonly subjects: number;
  /** Windows of the film, one per TR. */
  readonly windows: number;
  /** Volumes scanned before the film starts, as in the paper (black screen). */
  readonly before: number;
  /** Repetition time, s. */
  readonly tr: number;
  /** Edge of a voxel, mm. */
  readonly voxel: number;
  readonly width: number;
  readonly height: number;
  /** Frames per second of the film. */
  readonly fps: number;
}

/** Big enough for every stage to have something to find, small enough for a laptop and two minutes. */
export const demoSize: StudySize = {
  subjects: 8,
  windows: 165,
  before: 5,
  tr: 2,
  voxel: 6,
  width: 160,
  height: 90,
  fps: 6,
};
