/** Options that say which study is meant. */
export interface StudyOptions {
  readonly experiment?: string;
  readonly set?: readonly string[];
}

/** And where its results are kept. */
export interface CacheOptions extends StudyOptions {
  readonly cache?: string;
}
