export const strings = {
  title: 'Audit',
  verify: 'Verify the chain',
  good: (entries: number) =>
    `All ${entries.toLocaleString()} entries are whole: every hash follows from the one before.`,
  broken: (at: number | null | undefined) =>
    `The chain is broken at entry ${at ?? '?'}. Somebody changed or removed a row.`,
  via: (via: string) => `via ${via}`,
  nobody: 'system',
  details: 'Details',
  empty: {
    title: 'Nothing on the record yet',
    text:
      'Logins, edits, publishes, decisions and settings changes are written here, each entry sealed with the hash ' +
      'of the one before.',
  },
}
