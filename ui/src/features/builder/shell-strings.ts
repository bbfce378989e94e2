/** Words around the canvas: keeping, copying, conflicts. */
export const strings = {
  conflict: {
    theirs: (count: number) => `− theirs: ${count === 1 ? '1 line' : `${count} lines`} that you do not have`,
    mine: (count: number) => `+ mine: ${count === 1 ? '1 line' : `${count} lines`} that they do not have`,
    same: 'Both say the same.',
  },
  copiedHere: (count: number) =>
    `${count === 1 ? '1 step' : `${count} steps`} copied within this tab:` +
    ` the browser does not let the page write to the clipboard.`,
  paste: {
    empty: 'There is nothing to paste.',
    noYaml: (why: string) => `This cannot be pasted as steps. It is not YAML: ${why}`,
    noSteps: 'This cannot be pasted as steps: there is no “steps:” in it.',
    noType: (id: string) => `This cannot be pasted as steps: “${id}” has no type.`,
    badType: (id: string, type: string, known: readonly string[]) =>
      `This cannot be pasted as steps: “${id}” has the type “${type}”; there are ${known.join(', ')}.`,
    badStep: (id: string, part: string) =>
      `This cannot be pasted as steps: “${id}” is not complete, it has no list “${part}”.`,
  },
}
