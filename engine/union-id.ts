/** What an instance (or step) is called where several experiments have their own: `fit@glover[sub-01]`. */
export function unionId(id: string, experiment: string): string {
  const at = id.indexOf('[');
  return at < 0 ? `${id}@${experiment}` : `${id.slice(0, at)}@${experiment}${id.slice(at)}`;
}

/** What it is called in each of them: `fit[sub-01]`. Names of steps hold no `@`, names of experiments no `[`. */
export function plainId(id: string): string {
  return id.replace(/^([^@[]+)@[^[]*/, '$1');
}
