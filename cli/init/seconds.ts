/** A length of time as it is compared with another: in s, whole where it nearly is. */
export function seconds(length: number): string {
  return `${Math.round(length * 10) / 10} s`;
}
