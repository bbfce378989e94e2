export const strings = {
  title: 'Workflows',
  search: 'Search workflows',
  searchPlaceholder: 'Name…',
  create: 'New workflow',
  templates: 'Templates',
  createTitle: 'New workflow',
  createText: 'Start empty, or paste a document as YAML or JSON.',
  name: 'Name',
  /** The first and only step of an empty workflow. */
  end: 'Done',
  source: 'Document (optional)',
  sourceHint: 'YAML or JSON. Names inside win over the name above.',
  submit: 'Create',
  columns: { name: 'Name', version: 'Version', running: 'Running', waiting: 'Waiting', edited: 'Edited' },
  unpublished: 'unpublished changes',
  never: 'not published',
  empty: {
    title: 'Draw your first workflow',
    text:
      'A workflow verifies, asks, notifies and acts; before anything that cannot be undone it stops until a person ' +
      'has said yes.',
  },
  emptySearch: { title: 'No workflow by that name', text: 'Try fewer letters.' },
  group: 'Workflow',
  untitled: 'Untitled workflow',
}
