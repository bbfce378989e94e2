/** The words of the primitives. */
export const strings = {
  copy: 'Copy',
  copied: 'Copied',
  byHand: 'Select it and copy by hand',
  close: 'Close',
  actions: 'What can be done',
}
