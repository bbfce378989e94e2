/** Words of forms made from a schema; customers read them too. */
export const strings = {
  optional: 'optional',
  choose: 'Choose…',
  missing: 'Please fill this in.',
  email: 'This is not an e-mail address.',
  format: (name: string) => `This is not a valid ${name || 'value'}.`,
  charactersMin: (count: string) => (count === '1' ? 'Please fill this in.' : `At least ${count} characters.`),
  charactersMax: (count: string) => `At most ${count} characters.`,
  min: (limit: string) => `At least ${limit}.`,
  max: (limit: string) => `At most ${limit}.`,
  pattern: 'This does not have the expected form.',
  choice: 'Please choose one of the options.',
  type: 'This is not the right kind of value.',
  addTo: (list: string) => `Add to ${list}`,
  fileLarge: 'This file is too large: at most 1 MB is taken.',
  fileUnread: 'This file could not be read.',
  removeItem: (number: number) => `Remove item ${number}`,
}
