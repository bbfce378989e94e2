/** Groups by name, each with who is in it, by name too. */
export function membersByGroup<P extends { name: string; groups: readonly string[] }>(
  people: readonly P[],
): { name: string; members: P[] }[] {
  const names = [...new Set(people.flatMap((person) => person.groups))].sort()
  const byName = [...people].sort((one, other) => one.name.localeCompare(other.name))
  return names.map((name) => ({ name, members: byName.filter((person) => person.groups.includes(name)) }))
}
