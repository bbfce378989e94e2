/** Words of the dialog that starts a run by hand. */
export const strings = {
  title: 'Start a run',
  text: 'On the active version.',
  submit: 'Start',
  never: 'Publish first: runs start on a published version.',
}
