/** Words of what is written to a customer. */
export const strings = {
  group: 'Conversation',
  reply: 'Reply to the customer',
  placeholder: 'Write a message…',
  send: 'Send',
  title: 'Canned replies',
  pick: 'Pick a canned reply',
  loading: 'Looking for canned replies…',
  failed: 'The canned replies could not be read.',
  retry: 'Try again',
  none: 'No canned reply of this name.',
  found: (count: number) => (count === 1 ? 'One canned reply' : `${count} canned replies`),
  gaps: (gaps: string[]) => `not known: ${gaps.join(', ')}`,
  fill: (gaps: string[]) => `Fill in or take out ${gaps.map((gap) => `{{${gap}}}`).join(', ')} before it is sent.`,
}
