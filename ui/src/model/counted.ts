/** A number that was counted up to a bound, which then means so many or more. */
export function counted(number: number, atMost: number): string {
  return number >= atMost ? `${atMost.toLocaleString()}+` : number.toLocaleString()
}
