/** Said when the server said nothing of use. */
export const strings = {
  answered: (status: number) => `The server answered ${status}.`,
  unreachable: 'The server cannot be reached.',
  unreachableHelp: 'The server cannot be reached. Check the connection and try again.',
}
